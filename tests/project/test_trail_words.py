"""The trail is read by people: each field that a service puts on record has a word."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskboard.domain.history import Change, Subject
from taskboard.domain.workflow import Act
from taskboard.labels.trail import FIELDS, told
from taskboard.services import history

SERVICES = Path(history.__file__).parent
RECORDERS = {"finish", "record", "record_change", "record_department", "_record"}
"""the functions by which services write their entries"""
SIDES = {"facts", "before", "after"}


@pytest.mark.parametrize("name", history.TASK_FIELDS + history.ASSIGNMENT_FIELDS)
def test_what_acts_change_has_a_word(name: str) -> None:
    assert name in FIELDS


@pytest.mark.parametrize("path", sorted(SERVICES.glob("*.py")), ids=lambda path: path.stem)
def test_each_field_that_a_service_records_has_a_word(path: Path) -> None:
    assert sorted(set(recorded_fields(ast.parse(path.read_text(encoding="utf-8")))) - set(FIELDS)) == []


def recorded_fields(module: ast.Module) -> Iterator[str]:
    """The names in dictionaries that are handed to a recorder: written there, in a variable, or given by a function."""
    handed = [
        keyword.value
        for call in ast.walk(module)
        if isinstance(call, ast.Call) and name_of(call.func) in RECORDERS
        for keyword in call.keywords
        if keyword.arg in SIDES
    ]
    within = [one for value in handed for one in ast.walk(value)]
    variables = {one.id for one in within if isinstance(one, ast.Name)}
    functions = {name_of(one.func) for one in within if isinstance(one, ast.Call)}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and variables.intersection(name_of(one) for one in node.targets):
            handed.append(node.value)
        if isinstance(node, ast.AnnAssign) and node.value and name_of(node.target) in variables:
            handed.append(node.value)
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            handed += [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
    for value in handed:
        yield from names_in(value)


def names_in(value: ast.expr) -> Iterator[str]:
    for one in ast.walk(value):
        if isinstance(one, ast.Dict):
            yield from (key.value for key in one.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


@pytest.mark.parametrize(
    ("path", "value", "subject", "act", "words"),
    [
        (("state",), "replied", Subject.TASK, Change.INSTRUCTION_REPLIED, "已回复，待认可"),
        (("state",), "decided", Subject.TASK, Change.HELP_DECIDED, "已议定，落实中"),
        (("state",), "dead", Subject.MAIL, Change.CHANGED, "发送失败"),
        (("kind",), "collective", Subject.DEPARTMENT, Change.ADDED, "集合单位"),
        (("addressees",), ["leads", "supervisors"], Subject.TASK, Change.INSTRUCTED, "牵头单位、督查单位"),
        (("task", "state"), "submitted", Subject.TASK, Act.SUBMIT, "待审核"),
        (("assignment:3", "state"), "submitted", Subject.TASK, Act.SUBMIT, "已报送"),
    ],
)
def test_a_value_is_told_in_the_words_of_what_the_entry_is_about(
    path: tuple[str, ...], value: object, subject: Subject, act: Act | Change, words: str
) -> None:
    assert told(path, value, subject=subject, act=act) == words


def test_a_dictionary_in_a_variable_is_looked_into() -> None:
    module = ast.parse("def act():\n    after = {'unheard_of': 1}\n    record_change(after=after)")

    assert list(recorded_fields(module)) == ["unheard_of"]

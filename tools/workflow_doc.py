"""Render the tables of ``domain/workflow.py`` into ``docs/workflow.md``.

python -m tools.workflow_doc           write the page
python -m tools.workflow_doc --check   exit 1 when the page is not what the tables say
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from taskboard.domain.workflow import (
    ASSIGNMENT_MOVES,
    ROLE_OF_PARTY,
    TASK_MOVES,
    Act,
    Move,
    Party,
)
from taskboard.labels import label

PAGE = Path(__file__).parent.parent / "docs" / "workflow.md"

PARTY_WORDS: Mapping[Party, str] = {
    **{party: label(role) for party, role in ROLE_OF_PARTY.items()},
    Party.LEAD: "牵头单位",
    Party.SUBMITTER: "报送人",
}

HEAD = """# The workflow

Written by `python -m tools.workflow_doc` from the tables in `taskboard/domain/workflow.py`; a test holds the two
together. A client names an act and never a state. Where the table says “stays”, the act changes something else: a
report, an officer, a deadline.

A task's *待签收*, *办理中* and *待审核* follow from its lead assignments: while one has not acknowledged it is
待签收, when all have submitted it is 待审核, otherwise 办理中.
"""

SIGN_OFF = """A submission goes to 单位审签 where the department's sign-off is on and the head does not submit in
person, else it is 已报送 at once."""


def render() -> str:
    """The whole page."""
    parts = [
        HEAD,
        "## The task\n",
        *_table(TASK_MOVES),
        "",
        _drawing(TASK_MOVES),
        "",
        "## The assignment: one department on one task\n",
        *_table(ASSIGNMENT_MOVES),
        "",
        SIGN_OFF,
        "",
        _drawing(ASSIGNMENT_MOVES),
    ]
    return "\n".join(parts) + "\n"


def _table(moves: Mapping[tuple[Any, Act], Move[Any]]) -> Iterator[str]:
    yield "| from | act | to | who | reason | limit |"
    yield "|---|---|---|---|---|---|"
    for (state, act), move in _in_order(moves):
        to = label(move.to) if move.to else "stays"
        who = "、".join(PARTY_WORDS[party] for party in sorted(move.by, key=list(Party).index))
        reason = "needed" if move.needs_reason else ""
        limit = f"{move.limit} working days" if move.limit else ""
        yield f"| {label(state)} | {label(act)} `{act.value}` | {to} | {who} | {reason} | {limit} |"


def _in_order(moves: Mapping[tuple[Any, Act], Move[Any]]) -> list[tuple[tuple[Any, Act], Move[Any]]]:
    """By state and act as their enums list them, so that the page is the same every time."""
    return sorted(moves.items(), key=lambda row: (_place(row[0][0]), _place(row[0][1])))


def _place(member: StrEnum) -> int:
    members: list[StrEnum] = [*type(member)]
    return members.index(member)


def _drawing(moves: Mapping[tuple[Any, Act], Move[Any]]) -> str:
    """The moves as a Mermaid state diagram, one arrow per pair of states."""
    arrows: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for (state, act), move in _in_order(moves):
        if move.to:
            arrows.setdefault((state, move.to), []).append(label(act))
    states = dict.fromkeys(state for pair in arrows for state in pair)
    return "\n".join(["```mermaid", "stateDiagram-v2", *_named(states), *_drawn(arrows), "```"])


def _named(states: Iterable[StrEnum]) -> Iterator[str]:
    for state in states:
        yield f'    state "{label(state)}" as {state.value}'


def _drawn(arrows: Mapping[tuple[StrEnum, StrEnum], list[str]]) -> Iterator[str]:
    for (state, to), acts in arrows.items():
        yield f"    {state.value} --> {to.value}: {'、'.join(acts)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        if PAGE.read_text(encoding="utf-8") != render():
            sys.exit("docs/workflow.md is not what the tables say: run python -m tools.workflow_doc")
        return
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()

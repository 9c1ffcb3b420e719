"""What is committed: nothing of one person's machine, no registry, and words that lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

import dev
from taskboard.cli import main
from tests.support.checkout import ROOT, committed_files

# Written in parts, so that this file does not name what no file may name.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "npm" + "mirror", "pypi.tuna" + "."]
MACHINE_PATHS = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/us" + "r/local/"]

DOCUMENTS = [path for path in committed_files() if path.suffix == ".md"]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in committed_files():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("forbidden", [*REGISTRIES, *MACHINE_PATHS])
def test_no_file_names_a_registry_or_somebody_s_machine(forbidden: str) -> None:
    naming = [str(path.relative_to(ROOT)) for path, text in texts() if forbidden in text]

    assert naming == []


def test_dev_py_can_be_read_by_an_old_python_that_must_say_it_is_too_old() -> None:
    source = (ROOT / "dev.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 6))


def test_dev_py_and_the_package_agree_on_the_pythons_they_run_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    classified = re.findall(r"Python :: (3)\.(\d+)", "\n".join(project["classifiers"]))

    assert [(int(major), int(minor)) for major, minor in classified] == list(dev.SUPPORTED)


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_documented_commands_of_dev_py_exist(document: Path) -> None:
    commands = re.findall(r"python3(?:\.\d+)? dev\.py ([a-z][^#`\n]*)", document.read_text(encoding="utf-8"))

    for command in commands:
        arguments, more = dev.command_line().parse_known_args(shlex.split(command))
        assert not more or arguments.command in dev.TAKES_MORE, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_documented_commands_of_taskboard_exist(document: Path) -> None:
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    typed = re.findall(r"^(?:\.venv/bin/python -m )?taskboard +([^#\n]*)", shell, re.MULTILINE)

    for words in map(shlex.split, typed):
        command: click.Command = main
        while isinstance(command, click.Group) and words:
            name = words.pop(0)
            assert name in command.commands, f"{document.name}: taskboard has no {name}"
            command = command.commands[name]
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= {option for known in command.params for option in known.opts}, f"{command.name}: {options}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))

    missing = [target for target in targets if not (document.parent / target).exists()]

    assert missing == []


def test_the_readme_gives_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "python3 dev.py run" in readme
    assert "python3 dev.py test" in readme


def test_ci_runs_the_readme_s_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert script.rstrip().endswith("python3 dev.py test")

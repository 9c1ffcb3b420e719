"""The lock files: in step with ``pyproject.toml``, hashed, and without an address; the licences of what they bring."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions, metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.checkout import ROOT, read_lock

RUN = read_lock("requirements.lock")
TOOLS = read_lock("requirements-dev.lock")

ALLOWED_LICENCES = {
    "Apache Software License",
    "Apache-2.0",
    "Apache-2.0 OR BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause, Apache-2.0, dependency licenses",
    "ISC",
    "MIT",
    "MIT License",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "The Unlicense (Unlicense)",
    "Zope Public License",
}

# A library used as it is published may be LGPL; whoever adds another one thinks about it here.
ALLOWED_LGPL = {"psycopg", "psycopg-binary"}


@pytest.mark.parametrize("lock", [RUN, TOOLS], ids=["run", "tools"])
def test_every_locked_package_has_hashes(lock: object) -> None:
    entries = re.split(r"^(?=\S)", lock.text, flags=re.MULTILINE)[1:]

    assert len(entries) == len(lock.versions)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", [RUN, TOOLS], ids=["run", "tools"])
def test_no_lock_carries_an_address(lock: object) -> None:
    assert "://" not in lock.text
    assert "index-url" not in lock.text


def test_the_locks_are_in_step_with_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *((Requirement(text), RUN) for text in project["project"]["dependencies"]),
        *((Requirement(text), TOOLS) for text in project["dependency-groups"]["dev"]),
    ]

    out_of_step = [
        str(requirement)
        for requirement, lock in asked
        if not requirement.specifier.contains(lock.versions.get(canonicalize_name(requirement.name), "0"))
    ]

    assert out_of_step == [], "run `python3 dev.py lock`"


def test_tools_are_installed_on_top_of_exactly_what_runs() -> None:
    assert RUN.versions.items() <= TOOLS.versions.items()


def test_packages_that_run_have_licences_that_allow_it() -> None:
    # A package for another system only is not here to be asked.
    installed = {canonicalize_name(found.name) for found in distributions()} & RUN.versions.keys()

    refused = {
        name: licences
        for name in installed - ALLOWED_LGPL
        if not (licences := licences_of(name)) or not licences <= ALLOWED_LICENCES
    }

    assert "flask" in installed
    assert refused == {}


def test_the_notice_names_every_package_that_runs() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    named = re.findall(r"^([a-z0-9-]+): ", notice, re.MULTILINE)

    assert named == sorted(RUN.versions)


def licences_of(package: str) -> set[str]:
    """What the package says its licence is, in the first place of its metadata that says it."""
    facts = metadata(package)
    if expression := facts.get("License-Expression"):
        return {expression}
    classified = [text.removeprefix("License :: ") for text in facts.get_all("Classifier", []) if "License ::" in text]
    if classified:
        return {text.removeprefix("OSI Approved :: ") for text in classified}
    return {facts.get("License", "")}

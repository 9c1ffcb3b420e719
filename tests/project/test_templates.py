"""What holds for every template of a page, so that the strict content policy never breaks one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from taskboard import paths

PAGES = [
    path for path in sorted(paths.TEMPLATES.rglob("*.html")) if "mail" not in path.relative_to(paths.TEMPLATES).parts
]
INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)")
JINJA = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
ELSEWHERE = re.compile(r"https?://")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(paths.TEMPLATES).as_posix())
def test_no_page_has_styles_or_scripts_of_its_own_or_of_others(path: Path) -> None:
    text = JINJA.sub("", path.read_text(encoding="utf-8"))

    assert not INLINE.search(text)
    assert not ELSEWHERE.search(text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(paths.TEMPLATES).as_posix())
def test_every_form_that_changes_something_carries_its_token(path: Path) -> None:
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.DOTALL)

    for form in forms:
        assert "csrf_token" in form or "hidden(" in form or "hidden_tag" in form

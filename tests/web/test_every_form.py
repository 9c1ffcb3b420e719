"""Every form of every page, sent by somebody who may: what the trail says of it, a second click, the way back.

A form is sent as it stands on its page, with the changes of its line in ``tests/support/forms_to_send.py``, once and
once more, and the pages around it are looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from lxml import html
from werkzeug.test import TestResponse

from tests.support.factories import NOW
from tests.support.forms import filled_form
from tests.support.forms_to_send import FORMS, TRIED_ELSEWHERE, FormToSend, rows, task_id_of
from tests.support.walk import Walk, address, people_of, walking


def ids_for(walk: Walk, form: FormToSend) -> dict[str, Any]:
    task_id = task_id_of(walk, form.situation)
    department_id = walk.province.own.departments[form.place].id
    branch = rows(walk, f"SELECT id FROM assignment WHERE task_id = {task_id} AND department_id = {department_id}")
    ids: dict[str, Any] = {**walk.province.own.ids, "task_id": task_id, "assignment_id": branch[0][0]}
    return ids | {name: find(walk) for name, find in form.ids.items()}


@dataclass(frozen=True)
class Sent:
    """A form that was sent: where to, from which page, and how to send it again."""

    path: str
    page: str
    fields: Callable[[], dict[str, Any]]
    answer: TestResponse


def send(walk: Walk, endpoint: str) -> Sent:
    """Fill the form in as it stands on its page, and send it."""
    form = FORMS[endpoint]
    rule = next(rule for rule, method in walk.routes() if rule.endpoint == endpoint and method == "POST")
    ids = ids_for(walk, form)
    path = address(walk.app, rule, ids)
    page = path if form.page is None else form.page.format(**ids)
    goes_to = path if form.form_of is None else form.form_of.format(**ids)
    shown = send(walk, form.answer_to).answer if form.answer_to else walk.go(form.who, "GET", page)
    if shown.status_code == 303:  # the preview has an address of its own
        shown = walk.go(form.who, "GET", shown.location)
    assert shown.status_code == 200, (endpoint, page, shown.status_code, problems_of(shown))
    text = shown.text

    def fields() -> dict[str, Any]:
        # A file is read to its end by the first sending: each has its own.
        changes = form.changes(walk) if callable(form.changes) else form.changes
        return filled_form(text, goes_to, stands_at=page, changes=changes)

    answer = walk.go(form.who, "POST", path, fields())
    answer.get_data()  # a file that is streamed has been written to its end
    return Sent(path, page, fields, answer)


def problems_of(answer: TestResponse) -> list[str]:
    """What the page says is wrong."""
    if answer.status_code in (302, 303) or not answer.text.strip():
        return []
    page = html.fromstring(answer.text)
    found = page.xpath('//*[contains(@class, "invalid-feedback") or contains(@class, "alert")]')
    return [" ".join(one.text_content().split()) for one in found] or [" ".join(page.text_content().split())[-300:]]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walking(tmp_path_factory.mktemp("forms")) as walk:
        yield walk


def entries_after(walk: Walk, number: int) -> list[dict[str, Any]]:
    names = ("id", "act", "actor_id", "entrance", "before", "after", "reason", "at")
    found = rows(
        walk,
        f'SELECT id, act, actor_id, entrance, "before", "after", reason, at FROM history_entry WHERE id > {number}',
    )
    told = [dict(zip(names, one, strict=True)) for one in found]
    return [one | {side: json.loads(one[side] or "null") for side in ("before", "after")} for one in told]


def test_every_form_has_its_line_and_every_line_its_form(walk: Walk) -> None:
    taking = {rule.endpoint for rule, method in walk.routes() if method == "POST"}

    assert set(FORMS) == taking - set(TRIED_ELSEWHERE)
    assert set(TRIED_ELSEWHERE) <= taking
    assert [one for one, form in FORMS.items() if bool(form.acts) is bool(form.quiet)] == []


BARE = frozenset(
    {
        "sessions_ended",
        "signed_out",
        "password_changed",
        "password_set",
        "switched_on",
        "switched_off",
        "link_withdrawn",
    }
)
"""what they say is said by their name, or is not to be told"""


@pytest.mark.parametrize("endpoint", FORMS)
def test_a_form_leaves_its_entry_and_acts_once(walk: Walk, endpoint: str) -> None:
    form = FORMS[endpoint]
    try:
        for one in form.first:
            earlier = send(walk, one).answer
            assert earlier.status_code in (200, 302, 303), (one, problems_of(earlier))
        last = rows(walk, "SELECT max(id) FROM history_entry")[0][0]
        before = walk.written()
        sent = send(walk, endpoint)
        answer = sent.answer
        after = walk.written()
        entries = entries_after(walk, last)

        assert answer.status_code in (200, 302, 303), (answer.status_code, problems_of(answer))
        assert before != after or form.quiet, problems_of(answer)
        assert {one["act"] for one in entries} == set(form.acts)
        for one in entries:
            assert (one["actor_id"], one["entrance"]) == (people_of(walk.province)[form.who].id, "web")
            assert one["at"].startswith(f"{NOW:%Y-%m-%d %H:%M}")
            assert one["before"] or one["after"] or one["act"] in BARE, one

        again = walk.go(form.who, "POST", sent.path, sent.fields())
        again.get_data()
        if not form.again:
            assert walk.written() == after, (again.status_code, problems_of(again))
            for address_after in (sent.page, answer.location):
                if address_after:
                    walk.go(form.who, "GET", address_after).close()
            assert walk.written() == after, "looking at the page again changes nothing"
    finally:
        walk.restore(form.who)

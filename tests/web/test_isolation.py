"""Not one word of a department's own reaches another: every page, file, search, refusal and mail is looked through.

All texts of a department carry a mark. Searches are made with the beginning of a mark, so that what was typed and is
shown again is no mark itself.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from taskboard import paths
from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import OutboxState
from taskboard.extensions import db
from taskboard.jobs.runner import run_by_hand
from taskboard.mail.rendering import MailRenderer
from taskboard.models import OutboxMessage
from tests.support.factories import NOW
from tests.support.walk import VISITOR, Walk, address, people_of, walking

POSTS = ("head", "liaison", "officer")
OFFICE = ("supervisor", "leader", "auditor")
VIEWERS = (
    VISITOR,
    "stranger",
    *(f"lead.{post}" for post in POSTS),
    *(f"other.{post}" for post in POSTS),
    *(f"partner.{post}" for post in POSTS),
    *(f"north.{post}" for post in POSTS),
    *(f"foreign.{post}" for post in OFFICE),
    *(f"foreign.lead.{post}" for post in POSTS),
)
HIDDEN = {
    "lead": ("other",),
    "partner": ("other", "north", "south"),
    "other": ("work", "north", "south"),
    "north": ("other", "south"),
    "south": ("other", "north"),
}
"""whose marks do not exist for people of a department in their own city; a section sees where its sub-task is from"""
SHARED_DIRECTORY = frozenset({"renamings", "imports", "revisions"})
"""pages of supervisors that show names which all of them share: kinds of department, and what a document may mean"""
QUERIES = (
    "",
    "?q={0}",
    "?words={0}",
    "?show=all",
    "?page=2",
    "?department={1}",
    "?plan={2}&department={1}",
    "?role=lead",
)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walking(tmp_path_factory.mktemp("isolation")) as walk:
        yield walk


def forbidden_marks(walk: Walk, who: str) -> list[str]:
    """The marks of what does not exist for this person."""
    own, foreign = walk.province.own, walk.province.foreign
    if who in (VISITOR, "stranger"):
        return [*own.marks.values(), *foreign.marks.values()]
    if who.startswith("foreign."):
        return list(own.marks.values())
    if who in OFFICE:
        return list(foreign.marks.values())
    place = who.partition(".")[0]
    return [own.marks[one] for one in HIDDEN[place]] + [*foreign.marks.values()]


def texts_of(content: bytes) -> Iterator[bytes]:
    """The bytes themselves, and those of the parts of a workbook or document."""
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            yield from (parts.read(name) for name in parts.namelist())


def leaks(content: bytes, marks: list[str]) -> list[str]:
    """The marks that stand in it, however they are written."""
    spellings = {mark: (mark.encode(), mark.lower().encode()) for mark in marks}
    return [mark for mark, both in spellings.items() if any(one in text for text in texts_of(content) for one in both)]


@pytest.mark.parametrize("who", VIEWERS)
def test_no_page_file_or_search_shows_a_word_of_others(walk: Walk, who: str) -> None:
    marks = forbidden_marks(walk, who)
    found, looked = [], 0
    for rule, method in walk.routes():
        if method != "GET" or rule.endpoint in ("static", "bootstrap.static"):
            continue
        if who == "foreign.supervisor" and rule.endpoint.partition(".")[0] in SHARED_DIRECTORY:
            continue
        for city in (walk.province.own, walk.province.foreign):
            path = address(walk.app, rule, city.ids)
            other = walk.province.own.departments["lead"].id
            queries = QUERIES if not rule.arguments else ("",)
            for query in queries:
                asked = path + query.format(marks[0][:4], other, walk.province.own.ids["plan_id"])
                answer = walk.go(who, "GET", asked)
                looked += 1
                found += [(asked, mark) for mark in leaks(answer.data, marks)]
                found += [(asked, mark) for mark in leaks(str(answer.headers).encode(), marks)]
                answer.close()
            if not rule.arguments:
                break
    assert found == []
    assert looked > 100


@pytest.mark.parametrize("who", [one for one in VIEWERS if one != VISITOR])
def test_no_refusal_tells_a_word_of_others(walk: Walk, who: str) -> None:
    marks = forbidden_marks(walk, who)
    city = walk.province.own if who.startswith("foreign.") or who == "stranger" else walk.province.foreign
    found, looked = [], 0
    for rule, method in walk.routes():
        if method != "POST" or rule.endpoint.startswith("accounts.") or not rule.arguments:
            continue
        answer = walk.go(who, "POST", address(walk.app, rule, city.ids), {"reason": "情况有变", "done": "已办"})
        looked += 1
        found += [(rule.rule, mark) for mark in leaks(answer.data, marks)]
        assert answer.status_code in (302, 303, 403, 404, 409, 422), (rule.rule, answer.status_code)
        answer.close()
    assert found == []
    assert looked > 50


def test_no_mail_tells_a_word_of_others(walk: Walk) -> None:
    """The mails of acts, and those of a morning on which much is due, to everybody of both cities."""
    for city, supervisor in ((walk.province.own, "supervisor"), (walk.province.foreign, "foreign.supervisor")):
        fields = {
            "reason": f"{city.marks['work']}理由",
            "due_on": "2026-12-25",
            "statement": f"{city.marks['work']}办结",
        }
        for who, rest in ((supervisor, "correct-deadline"), (supervisor, "suspend"), (supervisor, "terminate")):
            walk.go(who, "POST", f"/tasks/{city.ids['task_id']}/{rest}", fields)
    run_by_hand(walk.app, JobName.MORNING_MAIL, NOW.date())
    renderer = MailRenderer(paths.TEMPLATES, "http://taskboard.test")
    names = {person.id: who for who, person in people_of(walk.province).items()}
    looked = 0

    with walk.app.app_context():
        for mail in db.session.scalars(select(OutboxMessage).where(OutboxMessage.state == OutboxState.QUEUED)):
            who = names[mail.person_id]
            rendered = renderer.render(mail.template, mail.facts)
            told = f"{rendered.subject}{rendered.text}{rendered.html}{mail.facts}"
            assert leaks(told.encode(), forbidden_marks(walk, who)) == [], (who, mail.kind, rendered.subject)
            looked += 1
    assert looked >= 10


def test_the_marks_are_found_where_they_may_stand(walk: Walk) -> None:
    """Without this a walk past empty pages would find no leak either."""
    own = walk.province.own
    task, plan = f"/tasks/{own.ids['task_id']}", f"/plans/{own.ids['plan_id']}"

    for path in (task, plan, f"{plan}/source", f"{plan}/ledger.xlsx", f"/attachments/{own.ids['attachment_id']}"):
        answer = walk.go("lead.head", "GET", path)
        assert leaks(answer.data, [own.marks["work"]]), path
        answer.close()
    issued = [own.marks[one] for one in ("office", "work", "other")]
    assert leaks(walk.go("supervisor", "GET", "/overdue").data, list(own.marks.values())) == issued
    for section in ("north", "south"):
        assert leaks(walk.go(f"{section}.liaison", "GET", "/my-tasks").data, [own.marks[section]]), section
    assert leaks(walk.go("supervisor", "GET", "/imports/new").data, [own.marks["office"]])

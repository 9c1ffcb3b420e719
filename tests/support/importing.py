"""Importing through the pages, for tests: a document on its way to a review, and what stands on the page then."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from lxml import html
from sqlalchemy import func, select

from taskboard.extensions import transaction
from taskboard.models import (
    Assignment,
    Department,
    DepartmentName,
    ImportDraft,
    Measure,
    Person,
    Plan,
    Task,
)
from taskboard.services import imports
from taskboard.services.actors import load_actor
from tests.support import factories

ERRORS = ("alert-danger", "alert-warning", "invalid-feedback", "obstacles")
PLANS = Path(__file__).parents[1] / "data" / "plans"
TEXT = """云泽市优化营商环境2026—2027年行动方案

一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委、市财政局）
2.清理收费项目。全面清理涉企收费。（市财政局牵头，各县（市、区）人民政府配合）
3.健全督查机制。长期坚持。（责任单位：市督查考核中心）
"""


def upload(visitor, content, name="要点.txt", **fields):
    return visitor.post("/imports/new", file=(BytesIO(content), name), **fields)


@cache
def read(text):
    """The reading of a text, made once: each takes a process of its own."""
    return imports.read_pasted(text)


def draft_of(visitor, text=TEXT):
    """The address of a draft of chen's that was read before; without the way through the upload page."""
    with visitor.client.application.app_context(), transaction() as session:
        chen = session.scalars(select(Person).where(Person.username == "chen")).one()
        actor = load_actor(session, chen.id, today=factories.NOW.date())
        body_id = actor.posts[0].department_id
        draft = imports.start_import(
            session, read(text), body_id=body_id, actor=actor, now=factories.NOW, entrance="test"
        )
        return f"/imports/{draft.id}"


def paste(visitor, text=TEXT):
    answer = visitor.post("/imports/new", text=text)
    assert answer.status_code == 303, answer.text
    return answer.location


def fields_of(page, form_id="review"):
    """What a browser would send for the form as it stands on the page."""
    form = html.fromstring(page.text).get_element_by_id(form_id)
    # The first line break inside a text area belongs to the markup, not to the text.
    return {name: value.removeprefix("\n") for name, value in form.form_values() if name not in {"csrf_token", "act"}}


def words_of(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def errors_of(page):
    """The words of alerts and of fields in red."""
    return " ".join(one.text_content() for kind in ERRORS for one in elements_of(page, kind))


def elements_of(page, kind):
    """The elements of one class."""
    return html.fromstring(page.text).find_class(kind)


def stored(session, query):
    """What other connections wrote, too: the session's own view of the database is let go first."""
    session.rollback()
    return session.scalars(query)


def counts(session):
    session.rollback()
    tables = (ImportDraft, Plan, Measure, Task, Assignment, Department, DepartmentName)
    return {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in tables}


def chen_address(chen):
    """The draft that chen touched last."""
    return html.fromstring(chen.get("/imports/new").text).find_class("draft-list")[0].xpath(".//a/@href")[0]


def rows_of(page):
    return [one.get("id").removeprefix("row-") for one in elements_of(page, "measure")]


def many(number):
    """A document with so many measures, every tenth led by a name that only resembles a department's."""
    items = "\n".join(
        f"{n}.推进第{n}项改革。年底前完成。（责任单位：{'市发革委' if n % 10 == 0 else '市发改委'}、市财政局）"
        for n in range(1, number + 1)
    )
    return f"云泽市2026年工作要点\n一、重点任务\n{items}\n"

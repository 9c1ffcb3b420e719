"""The names of an imported document against the directory: assigned by a rule, asked about, or suggested."""

from __future__ import annotations

from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.department_matching import MatchRule
from taskboard.models import Assignment, ImportDraft, Task
from taskboard.services import imports
from taskboard.services.department_names import match_names
from taskboard.services.import_review import Review, ReviewUnit, review_draft
from taskboard.services.renamings import seed_renamings
from tests.support.factories import NOW, Usual, make_department

TEXT = """云泽市优化营商环境2026—2027年行动方案

一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委）
2.健全督查机制。长期坚持。（责任单位：{name}）
"""


@cache
def read(name: str) -> imports.Source:
    """The reading of a text, made once: each takes a process of its own."""
    return imports.read_pasted(TEXT.format(name=name))


def start(session: Session, usual: Usual, name: str) -> ImportDraft:
    return imports.start_import(
        session, read(name), body_id=usual.body.id, actor=usual.actor("chen"), now=NOW, entrance="test"
    )


def lead(review: Review) -> ReviewUnit:
    [unit] = review.rows[1].lead
    return unit


def test_a_name_that_a_rule_finds_is_assigned_as_it_is_written_and_makes_no_alias(
    session: Session, usual: Usual
) -> None:
    draft = start(session, usual, "云泽市财政局")
    found = lead(review_draft(session, draft))

    plan = imports.confirm_import(
        session,
        draft.id,
        version=draft.version,
        leads_are_checked=True,
        actor=usual.actor("chen"),
        now=NOW,
        entrance="test",
    )

    assert (found.department_name, found.rule, found.needs_a_look) == ("市财政局", MatchRule.ELISION, False)
    last = session.scalars(select(Task.id).where(Task.plan_id == plan.id).order_by(Task.position.desc())).first()
    assignment = session.scalars(select(Assignment).where(Assignment.task_id == last)).one()
    assert (assignment.department_id, assignment.name_as_written) == (usual.partner.id, "云泽市财政局")
    assert match_names(session, ["云泽市财政局"])["云泽市财政局"] is None


def test_an_old_name_is_read_by_the_renamings(session: Session, usual: Usual) -> None:
    seed_renamings(session)
    health = make_department(session, "市卫生健康委", parent=usual.body)

    unit = lead(review_draft(session, start(session, usual, "市卫计委")))

    assert (unit.name, unit.department_id, unit.rule) == ("市卫计委", health.id, MatchRule.RENAMING)


def test_a_short_name_is_assigned_and_marked_for_a_look(session: Session, usual: Usual) -> None:
    make_department(session, "市政务服务办公室", parent=usual.body)

    unit = lead(review_draft(session, start(session, usual, "市政务办")))

    assert (unit.department_name, unit.needs_a_look) == ("市政务服务办公室", True)


def test_several_successors_of_an_old_name_are_asked_about(session: Session, usual: Usual) -> None:
    seed_renamings(session)
    make_department(session, "市市场监督管理局", parent=usual.body)

    [unknown] = review_draft(session, start(session, usual, "市物价局")).unknown

    assert [one.name for one in unknown.suggestions] == ["市发展改革委", "市市场监督管理局"]
    assert unknown.effective is None

"""The figures of a digest beside its sections: one number is not taken for the other."""

from __future__ import annotations

from datetime import timedelta

from apiflask import APIFlask
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.mail.rendering import MailRenderer
from tests.support.factories import make_plan, make_task, usual_people
from tests.support.mornings import MONDAY, NEXT_MONDAY, deliver_all, run, said, scheduled


def test_a_section_of_todays_milestones_says_how_much_is_overdue_in_all(app: APIFlask, session: Session) -> None:
    usual = usual_people(session)
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, due_on=MONDAY - timedelta(days=40))
    session.commit()
    run(app, MONDAY)
    deliver_all(session)
    new = make_task(session, plan=plan, lead=usual.lead, due_on=NEXT_MONDAY - timedelta(days=3))
    session.commit()

    run(app, NEXT_MONDAY)

    mail = scheduled(session, NEXT_MONDAY)["li"]
    assert said(mail) == {"overdue": [new.id]}
    text = MailRenderer(paths.TEMPLATES, "http://taskboard.test").render(mail.template, mail.facts).text
    assert "【逾期催办 1 件（本次到催办日的；全部逾期 2 件）】" in text

"""Notices of requests for help: to the supervisors, to the departments about a decision, and about its end."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from taskboard.domain.help_requests import HelpState
from taskboard.domain.local_time import local_date
from taskboard.models import (
    Assignment,
    CoordinationMeeting,
    Department,
    HelpRequest,
    HistoryEntry,
    Plan,
    Task,
)
from taskboard.services.cases import Acting
from taskboard.services.notice_recipients import Recipient, answering, supervising
from taskboard.services.telling import Telling, tell


def asked(session: Session, request: HelpRequest, by: Acting) -> None:
    """Tell the supervisors what a department needs."""
    people = supervising(session, _body(session, request), today=local_date(by["now"]))
    tell(_telling(session, by), people, f"help-asked:{request.id}", "help_asked", _facts(session, request))


def decided(session: Session, request: HelpRequest, entry: HistoryEntry, by: Acting) -> None:
    """Tell the department that asked what was decided, and the one that is charged what it has to do."""
    meeting = session.get_one(CoordinationMeeting, request.meeting_id) if request.meeting_id else None
    facts = {
        **_facts(session, request),
        "decision": request.decision,
        "owner": session.get_one(Department, request.owner_id).name,
        "act_by": request.act_by.isoformat() if request.act_by else None,
        "meeting": meeting.title if meeting else None,
    }
    people = _departments(session, request, by)
    tell(_telling(session, by), people, f"help-decided:{entry.id}", "help_decided", facts)


def ended(session: Session, request: HelpRequest, by: Acting) -> None:
    """Tell everybody concerned that it was done, or is asked for no longer."""
    facts = {
        **_facts(session, request),
        "is_done": request.state is HelpState.DONE,
        "owner": session.get_one(Department, request.owner_id).name if request.owner_id else None,
        "outcome": request.outcome,
    }
    people = _departments(session, request, by)
    people += supervising(session, _body(session, request), today=local_date(by["now"]))
    tell(_telling(session, by), people, f"help-ended:{request.id}", "help_ended", facts)


def _departments(session: Session, request: HelpRequest, by: Acting) -> list[Recipient]:
    """Heads and liaisons of the department that asked and of the one that is charged."""
    asker = session.get_one(Assignment, request.assignment_id).department_id
    ids = {one for one in (asker, request.owner_id) if one is not None}
    names = {one: session.get_one(Department, one).name for one in sorted(ids)}
    return answering(session, names, body=_body(session, request), today=local_date(by["now"]))


def _body(session: Session, request: HelpRequest) -> Department:
    return session.get_one(Department, session.get_one(Task, request.task_id).body_id)


def _facts(session: Session, request: HelpRequest) -> dict[str, Any]:
    task = session.get_one(Task, request.task_id)
    asker = session.get_one(Assignment, request.assignment_id).department_id
    return {
        "plan": session.get_one(Plan, task.plan_id).title,
        "title": task.title,
        "department": session.get_one(Department, asker).name,
        "text": request.text,
        "path": f"/help-requests/{request.id}",
    }


def _telling(session: Session, by: Acting) -> Telling:
    return Telling(session, by["actor"], by["now"])

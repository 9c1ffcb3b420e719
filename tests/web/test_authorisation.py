"""Who reaches which page: every route × everybody of two cities, by one table. A route without a line fails.

To add a route, add its line to ``TABLE``: the endpoint and one of the words below (``on_task("lead.head")`` and the
like). An id that no address had before is put into ``ids`` in ``tests/support/province.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.test import TestResponse

from taskboard.domain.roles import Role
from tests.support.walk import VISITOR, Walk, address, walking

OFFICE = ("supervisor", "leader", "auditor")
BRANCHES = tuple(f"{place}.{post}" for place in ("lead", "partner") for post in ("head", "liaison", "officer"))
LEAD = ("lead.head", "lead.liaison", "lead.officer")
OTHERS = ("other.head", "other.liaison", "other.officer")
IN_THE_CITY = (*OFFICE, *BRANCHES, *OTHERS)
FOREIGN = tuple(f"foreign.{who}" for who in (*OFFICE, "lead.head", "lead.liaison", "lead.officer"))
EVERYBODY = frozenset({VISITOR, "stranger", "administrator", *IN_THE_CITY, *FOREIGN})
SIGNED_IN = EVERYBODY - {VISITOR}
SEEING = frozenset({*OFFICE, *BRANCHES})
"""those for whom the task of lead and partner exists"""


@dataclass(frozen=True)
class Line:
    """Who may, and for whom it does not exist (404); everybody else is told that they may not (403).

    ``fields`` are sent besides ``FIELDS``.
    """

    may: frozenset[str]
    hidden: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)
    ids: Mapping[str, Any] = field(default_factory=dict)


def open_to_all(**more: Any) -> Line:
    """Needs no sign-in."""
    return Line(EVERYBODY, **more)


def signed_in(**more: Any) -> Line:
    """For everybody with an account: each sees there what is theirs."""
    return Line(SIGNED_IN, **more)


def holding(*roles: str, **more: Any) -> Line:
    """For who holds one of the roles anywhere; the rest are told that they may not."""
    return Line(_with_role(roles, SIGNED_IN), **more)


def in_the_city(*roles: str, **more: Any) -> Line:
    """The same for something of one city, which does not exist for those who hold the role elsewhere."""
    may = _with_role(roles, frozenset(IN_THE_CITY))
    return Line(may, hidden=_with_role(roles, SIGNED_IN) - may, **more)


def in_the_directory() -> Line:
    """A department or a person of one city: for administrators, and for the supervisors there."""
    there = in_the_city("supervisor")
    return Line(there.may | holding("administrator").may, hidden=there.hidden)


def on_task(*people: str, **more: Any) -> Line:
    """An act on the task: these may, who else sees the task may not, and for the rest it does not exist."""
    return Line(frozenset(people), hidden=SIGNED_IN - SEEING - set(people), **more)


def seen(**more: Any) -> Line:
    """The task, its plan or its files: for those for whom it exists."""
    return on_task(*SEEING, **more)


def on_branch(*people: str, **more: Any) -> Line:
    """The same for what only the lead's own people and those who watch over it see, and not its partners."""
    return Line(frozenset(people), hidden=SIGNED_IN - {*OFFICE, *LEAD, *people}, **more)


def ones_own(who: str) -> Line:
    """Something of one person's, which exists for nobody else."""
    return Line(frozenset({who}), hidden=SIGNED_IN - {who})


def with_a_link() -> Line:
    """Only for who comes by a link that they were sent."""
    return Line(frozenset(), hidden=EVERYBODY)


def nowhere() -> Line:
    """Only in the demo: elsewhere it does not exist."""
    return Line(frozenset(), hidden=SIGNED_IN)


def _with_role(roles: tuple[str, ...], among: frozenset[str]) -> frozenset[str]:
    return frozenset(who for who in among if who.rpartition(".")[2] in roles)


SPEAKERS = ("lead.head", "lead.liaison")
PLANNERS = frozenset({"supervisor", *SPEAKERS})
DIRECTORY = ("administrator", "supervisor")
PARTNERS = {"assignment_id": "partner_assignment_id"}
"""the act is on the partner's assignment; the others are on the lead's"""
SUBMITTED = {"task_id": "submitted_task_id", "assignment_id": "submitted_assignment_id"}
"""the act is on a task that was submitted"""

LEADERS_OWN = Line(frozenset({"leader", "administrator"}), hidden=SIGNED_IN - {"leader", "administrator"})
"""when the leader is away: for the leader and administrators; heads enter it for their own people alone"""

TABLE: Mapping[str, Line] = {
    # Signing in, one's own account
    "static": open_to_all(),
    "bootstrap.static": open_to_all(ids={"filename": "bootstrap_filename"}),
    "health.health": open_to_all(),
    "health.scheduler": open_to_all(),
    "health.metrics": Line(frozenset(), EVERYBODY),
    "accounts.sign_in": open_to_all(),
    "accounts.forgot_password": open_to_all(),
    "accounts.set_password": with_a_link(),
    "accounts.sign_out": signed_in(),
    "accounts.account": signed_in(),
    "accounts.end_sessions": signed_in(),
    "notice_wishes.wishes": signed_in(fields={"notices": "morning"}),
    "absences.own": signed_in(),
    "absences.of_person": LEADERS_OWN,
    "absences.end": LEADERS_OWN,
    "roundups.roundup_list": holding("supervisor"),
    **{
        f"roundups.{one}": Line(frozenset({"supervisor"}), hidden=SIGNED_IN - {"supervisor"})
        for one in ("roundup", "document", "workbook")
    },
    "roundups.change_words": in_the_city("supervisor", fields={"words": "另写的正文"}),
    "roundups.send": in_the_city("supervisor"),
    "snoozing.snooze": Line(frozenset(LEAD), hidden=SIGNED_IN - set(LEAD)),
    "notice_wishes.ask_to_leave": with_a_link(),
    "notice_wishes.leave": with_a_link(),
    # Lists that show each what is theirs
    "home.home": signed_in(),
    "plans.index": signed_in(),
    "overdue.overdue_list": signed_in(),
    "tasks.my_tasks": holding("head", "liaison", "officer", "supervisor"),
    "waiting.waiting": holding("head", "liaison", "officer", "supervisor", "leader"),
    # One plan
    "plans.plan": seen(),
    "plans.source": seen(),
    "plans.revised_source": seen(ids={"draft_id": "revision_id"}),
    "ledger.export": seen(),
    "ledger.upload_page": in_the_city("supervisor"),
    "ledger.preview": in_the_city("supervisor"),
    "ledger.apply": in_the_city("supervisor"),
    "tasks.issue_page": in_the_city("supervisor"),
    "tasks.issue": in_the_city("supervisor"),
    # One task
    "decomposition.split": on_task(*SPEAKERS),
    "decomposition.carry_out": on_task(*SPEAKERS),
    "tasks.task": seen(),
    "tasks.close": on_task("supervisor"),
    "tasks.return": on_task("supervisor"),
    "tasks.suspend": on_task("supervisor"),
    "tasks.resume": on_task("supervisor"),
    "tasks.terminate": on_task("supervisor"),
    "tasks.reopen": on_task("supervisor"),
    "tasks.archive": on_task("supervisor"),
    "tasks.unarchive": on_task("supervisor"),
    "tasks.correct_deadline": on_task("supervisor"),
    "tasks.correct_departments": on_task("supervisor"),
    "tasks.expand": on_task("supervisor", ids={"department_id": "lead_department_id"}),
    # One department's part of it
    "tasks.acknowledge": on_task(*SPEAKERS),
    "tasks.dispatch": on_task(*SPEAKERS),
    "tasks.report": on_task(*LEAD),
    "tasks.no_change": on_task(*LEAD),
    "tasks.submit": on_task(*LEAD),
    "tasks.withdraw": on_task("lead.liaison", ids=SUBMITTED),
    "tasks.sign_off": on_task("lead.head"),
    "tasks.return_inside": on_task("lead.head"),
    "tasks.object": on_task("lead.head"),
    "tasks.refuse_objection": on_task("supervisor"),
    "tasks.uphold_objection": on_task("supervisor"),
    "tasks.ask_extension": on_task("lead.head"),
    "tasks.grant_extension": on_task("supervisor"),
    "tasks.refuse_extension": on_task("supervisor"),
    "tasks.accept": on_task(*SPEAKERS, ids=PARTNERS),
    "tasks.return_submission": on_task(*SPEAKERS, ids=PARTNERS),
    "tasks.bring_forward": on_task(*SPEAKERS, ids=PARTNERS),
    # Files
    "attachments.download": seen(),
    "attachments.add": on_task(*LEAD),
    "attachments.remove": on_task(*LEAD),
    # Formal orders
    "orders.order_list": holding(*(role.value for role in Role if role is not Role.ADMINISTRATOR)),
    "orders.new": in_the_city("supervisor"),
    "orders.confirm": in_the_city("supervisor"),
    "orders.order": on_branch(*OFFICE, *LEAD),
    "orders.document": on_branch(*OFFICE, *LEAD),
    "orders.reply": on_branch(*SPEAKERS),
    "orders.settle": on_branch("supervisor"),
    "orders.return_reply": on_branch("supervisor"),
    "orders.withdraw_order": on_branch("supervisor"),
    # Periods, trajectories, lights by hand
    "periods.overview": in_the_city("supervisor"),
    "plan_reminders.rules": in_the_city("supervisor"),
    "periods.rhythm": in_the_city("supervisor"),
    "periods.trajectory": Line(PLANNERS, hidden=SIGNED_IN - PLANNERS),
    "periods.save_trajectory": Line(PLANNERS, hidden=SIGNED_IN - PLANNERS),
    "tasks.set_red": on_task("supervisor"),
    "tasks.lift_red": on_task("supervisor"),
    # Many tasks at once
    "bulk.task_list": holding("supervisor", "leader", "auditor", "head", "liaison", "officer"),
    "bulk.preview": holding("supervisor", "head", "liaison"),
    "bulk.confirm": holding("supervisor"),
    "liaisons.start": holding("administrator", "supervisor", "head"),
    "liaisons.preview": holding("administrator", "supervisor", "head"),
    "liaisons.confirm": holding("administrator", "supervisor", "head"),
    # Instructions and requests for help
    "instructions.instruction_list": holding("leader", "supervisor", "head", "liaison"),
    "instructions.on_plan": on_task("leader"),
    "instructions.on_task": on_task("leader"),
    "instructions.instruction": seen(),
    "instructions.reply": on_task(*SPEAKERS),
    "instructions.accept": on_task("leader"),
    "instructions.return_": on_task("leader"),
    "instructions.withdraw": on_task("leader"),
    "help_requests.help_request": seen(),
    "help_requests.decide": on_task("supervisor"),
    "help_requests.finish": on_task("supervisor"),
    "help_requests.withdraw": on_task(*LEAD, "supervisor"),
    "help_requests.meeting": Line(frozenset(OFFICE), hidden=SIGNED_IN - set(OFFICE)),
    "help_requests.end_meeting": Line(frozenset({"supervisor"}), hidden=SIGNED_IN - set(OFFICE)),
    "help_requests.queue": holding("supervisor", "leader", "auditor"),
    "help_requests.meeting_list": holding("supervisor", "leader", "auditor"),
    "help_requests.plan_meeting": holding("supervisor"),
    # Documents before they are plans
    "imports.new": holding("supervisor"),
    "imports.review": in_the_city("supervisor"),
    "imports.progress": in_the_city("supervisor"),
    "imports.save_parts": in_the_city("supervisor"),
    "imports.discard": in_the_city("supervisor"),
    "revisions.compare": in_the_city("supervisor"),
    "revisions.apply": in_the_city("supervisor"),
    "scans.scan": in_the_city("supervisor"),
    "scans.state": in_the_city("supervisor"),
    "scans.cancel": in_the_city("supervisor"),
    "scans.retry": in_the_city("supervisor"),
    "scans.of_draft": in_the_city("supervisor"),
    # The directory
    "departments.department_list": holding(*DIRECTORY),
    "departments.tree": holding(*DIRECTORY),
    "departments.names": holding(*DIRECTORY),
    "departments.department": in_the_directory(),
    "departments.new_department": holding("administrator"),
    "departments.edit_department": holding("administrator"),
    "departments.add_alias": holding("administrator"),
    "departments.remove_alias": holding("administrator"),
    "departments.add_old_name": holding("administrator"),
    "departments.add_members": holding("administrator"),
    "departments.end_member": holding("administrator"),
    "departments.remove_member": holding("administrator"),
    "successions.start": holding("administrator"),
    "successions.preview": holding("administrator"),
    "successions.confirm": holding("administrator"),
    "renamings.renaming_list": holding(*DIRECTORY),
    "renamings.new_renaming": holding("administrator"),
    "renamings.edit_renaming": holding("administrator"),
    "directory.export": holding("administrator"),
    "directory.blank": holding("administrator"),
    "directory.export_departments": holding("administrator"),
    "directory.export_people": holding("administrator"),
    "directory.begin_with_template": holding("administrator"),
    "directory.upload_page": holding("administrator"),
    "directory.upload": holding("administrator"),
    "directory.preview": holding("administrator"),
    "directory.apply": holding("administrator"),
    "directory.give_up": holding("administrator"),
    "directory.uploaded_file": holding("administrator"),
    "calendar.years": holding(*DIRECTORY),
    "calendar.days": holding(*DIRECTORY),
    "calendar.notice": holding("administrator"),
    "people.person_list": holding(*DIRECTORY),
    "people.person": in_the_directory(),
    "people.new_person": holding("administrator"),
    "people.edit_person": holding("administrator"),
    "people.set_password": holding("administrator"),
    "people.send_link": holding("administrator"),
    "people.hand_link_over": holding("administrator"),
    "people.withdraw_link": holding("administrator"),
    "people.end_sessions": holding("administrator"),
    "people.switch_off": holding("administrator"),
    "people.switch_on": holding("administrator"),
    "people.add_post": holding("administrator"),
    "people.end_post": holding("administrator"),
    "people.remove_post": holding("administrator"),
    "people.add_to_portfolio": holding("administrator"),
    "people.remove_from_portfolio": holding("administrator"),
    "leaving.leave": holding("administrator"),
    "leaving.end_post": holding("administrator"),
    # Looking after the system
    "settings.sending": holding("administrator"),
    "settings.edit": holding("administrator"),
    **{f"setup.{step}": with_a_link() for step in ("code", "administrator", "body", "mail", "directory")},
    "jobs.job_list": holding("administrator"),
    "jobs.request_run": holding("administrator"),
    "robots.robot_list": holding("administrator"),
    "robots.new_robot": holding("administrator"),
    "robots.edit_robot": holding("administrator"),
    "robots.try_out": holding("administrator"),
    "robots.remove_robot": holding("administrator"),
    "outbox.mail_list": holding("administrator"),
    "outbox.mail": holding("administrator"),
    "outbox.mail_html": holding("administrator"),
    "outbox.requeue": holding("administrator"),
    "outbox.requeue_all": holding("administrator", fields={"state": "dead"}),
    "outbox.drop": holding("administrator"),
    "outbox.release": holding("administrator"),
    "outbox.switch_address_on": holding("administrator", fields={"address": "gone@example.org"}),
    "inbox.message_list": signed_in(),
    "inbox.mark_all_read": signed_in(),
    "inbox.message": ones_own("lead.liaison"),
    "inbox.message_html": ones_own("lead.liaison"),
    "inbox.mark_unread": ones_own("lead.liaison"),
    "mailbox.mail_list": nowhere(),
    "mailbox.mail": nowhere(),
    "mailbox.mail_html": nowhere(),
    # The trail
    "audit.trail": holding("auditor"),
    "audit.export": holding("auditor"),
}

FIELDS: Mapping[str, Any] = {
    "reason": "情况有变",
    "done": "已完成一半",
    "progress": "已完成一半",
    "statement": "已办结",
    "why_without_partners": "不影响办结",
    "due_on": "2026-12-20",
    "asked_due_on": "2027-03-31",
    "correct_by": "2027-01-15",
    "review_on": "2026-12-20",
    "closure": "done",
    "verification": "verified",
    "lead": "某局",
    "officer_id": "",
    "name": "某某",
    "form": "csv",
    "last_day": "2026-12-31",
    "to_on": "2026-12-31",
    "from_on": "2026-01-01",
    "old_names": "旧局",
    "new_names": "新局",
    "username": "moumou",
    "email": "moumou@example.org",
    "kind": "unit",
    "reply": "已整改",
    "text": "请按期办结",
    "decision": "同意",
}
"""what forms are sent with, so that a refusal is about the person and not about an empty field"""


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walking(tmp_path_factory.mktemp("authorisation")) as walk:
        yield walk


def expected(line: Line, who: str) -> str:
    if who in line.may:
        return "may"
    if who in line.hidden:
        return "does not exist"
    return "is asked to sign in" if who == VISITOR else "may not"


def outcome(answer: TestResponse) -> str:
    if answer.status_code == 401 or "/sign-in?" in (answer.location or ""):
        return "is asked to sign in"
    if answer.status_code in (400, 405, 500):
        return f"meets {answer.status_code}"
    return {403: "may not", 404: "does not exist"}.get(answer.status_code, "may")


def test_every_route_has_its_line_and_every_line_its_route(walk: Walk) -> None:
    assert {rule.endpoint for rule, _ in walk.routes()} == set(TABLE)


@pytest.mark.parametrize("endpoint", TABLE)
def test_a_route_opens_to_those_of_its_line_and_to_nobody_else(walk: Walk, endpoint: str) -> None:
    line = TABLE[endpoint]
    for rule, method in walk.routes():
        if rule.endpoint != endpoint:
            continue
        ids = walk.province.own.ids
        path = address(walk.app, rule, ids | {name: ids[other] for name, other in line.ids.items()})
        fields = {**FIELDS, "assignment_id": ids["assignment_id"], **line.fields}
        before = walk.written()
        for who in sorted(EVERYBODY - line.may):
            answer = walk.go(who, method, path, fields)
            assert outcome(answer) == expected(line, who), (who, method, path, answer.status_code)
            answer.close()
        assert walk.written() == before, f"who is refused at {method} {path} changes nothing"
        for who in sorted(line.may):
            try:
                answer = walk.go(who, method, path, fields)
                assert outcome(answer) == "may", (who, method, path, answer.status_code)
                answer.close()
            finally:
                if method == "POST":
                    walk.restore(who)


GONE_IS_NO_ERROR = frozenset(
    {
        "absences.end",
        "departments.remove_alias",
        "departments.remove_member",
        "robots.remove_robot",
        "people.remove_post",
        "people.remove_from_portfolio",
        "people.withdraw_link",
    }
)
"""what is taken away twice is gone all the same; of another department's it takes nothing away"""


def test_ids_of_nothing_and_ids_that_do_not_belong_together_do_not_exist(walk: Walk) -> None:
    own, foreign = walk.province.own.ids, walk.province.foreign.ids
    nothing = {name: 2_000_000_000 if isinstance(value, int) else "0" * 32 for name, value in own.items()}
    tried, wrong = 0, []
    for rule, method in walk.routes():
        who = max(TABLE[rule.endpoint].may, default=VISITOR)
        if "filename" in rule.arguments or who == VISITOR:
            continue
        others = [nothing, foreign] if len(rule.arguments) > 1 else [nothing]
        paths = {address(walk.app, rule, own | {name: other[name]}) for other in others for name in rule.arguments}
        for path in sorted(paths):
            before = walk.written()
            answer = walk.go(who, method, path, FIELDS)
            is_gone = (
                answer.status_code in (302, 303) and rule.endpoint in GONE_IS_NO_ERROR and walk.written() == before
            )
            if answer.status_code != 404 and not is_gone:
                wrong.append((who, method, path, answer.status_code))
            tried += 1
    assert wrong == []
    assert tried > 80

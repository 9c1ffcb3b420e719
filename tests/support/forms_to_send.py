"""Every form of every page: who sends it, from where, with what changes, and what the trail says of it.

To add a route that takes a form, add its line to ``FORMS``.
"""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.services.directory_templates import list_templates
from tests.support.factories import NOW, PASSWORD
from tests.support.holiday_notices import NOTICE
from tests.support.province import SITUATIONS
from tests.support.robots import ADDRESSES
from tests.support.walk import Walk, people_of

Changes = Mapping[str, Any] | Callable[[Walk], Mapping[str, Any]]
Situation = tuple[TaskState, AssignmentState]
T, A = TaskState, AssignmentState


@dataclass(frozen=True)
class FormToSend:
    """One form: who sends it, from which page, and what the trail says of it.

    ``page`` is the address at which it stands, its own where nothing is said. ``situation`` chooses the task, ``place``
    the department whose part of it the act is on. ``first`` are endpoints of this table that are sent before it.
    """

    who: str
    acts: tuple[str, ...] = ()
    """of the entries that it leaves"""
    page: str | None = None
    form_of: str | None = None
    """the address that the form goes to by itself, where a button or a script sends it elsewhere"""
    answer_to: str = ""
    """the endpoint whose answer is the page, where that is a preview"""
    changes: Changes = field(default_factory=dict)
    situation: Situation = (T.IN_PROGRESS, A.IN_PROGRESS)
    place: str = "lead"
    first: tuple[str, ...] = ()
    ids: Mapping[str, Callable[[Walk], Any]] = field(default_factory=dict)
    quiet: str = ""
    """why it leaves no entry"""
    again: str = ""
    """why a second click does it again"""


REASON = {"reason": "情况有变"}
TASK = "/tasks/{task_id}"
SUBMITTED = (T.SUBMITTED, A.SUBMITTED)
REVIEWED = (T.IN_PROGRESS, A.HEAD_REVIEW)
ISSUED = (T.ISSUED, A.PENDING)
OBJECTED = (T.IN_PROGRESS, A.OBJECTED)


def on_task(who: str, *acts: str, **more: Any) -> FormToSend:
    return FormToSend(who, acts, page=TASK, **more)


def rows(walk: Walk, query: str) -> list[Any]:
    with closing(sqlite3.connect(walk.database)) as connection:
        return connection.execute(query).fetchall()


def newest(table: str) -> Callable[[Walk], Any]:
    """The id of the row of this table that was added last."""
    return lambda walk: rows(walk, f"SELECT max(id) FROM {table}")[0][0]


def task_id_of(walk: Walk, situation: Situation) -> int:
    """The task of lead and partner that is in this situation; those of the other department were made before it."""
    return walk.province.own.tasks[len(SITUATIONS) + SITUATIONS.index(situation)].id


def person(who: str) -> Callable[[Walk], Any]:
    return lambda walk: people_of(walk.province)[who].id


def post_of(who: str) -> Callable[[Walk], Any]:
    def find(walk: Walk) -> Any:
        return rows(walk, f"SELECT id FROM post WHERE person_id = {people_of(walk.province)[who].id}")[0][0]

    return find


def changed_ledger(walk: Walk) -> Mapping[str, Any]:
    """The plan's own ledger, as a person would save it with other days."""
    answer = walk.go("supervisor", "GET", f"/plans/{walk.province.own.ids['plan_id']}/ledger.xlsx")
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(answer.data)) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b"2026-12-31", b"2027-03-31"))
    answer.close()
    return {"file": (io.BytesIO(changed.getvalue()), "台账.xlsx")}


DEPARTMENT = "/departments/{department_id}"
PERSON = "/people/{person_id}"
NEW_PASSWORD = "一个足够长的口令 2026"
DIRECTORY_FILE = "单位名称,上级单位\n新设局,云泽省人民政府\n"
WORKSHEET = "a draft of one person: its row says whose, and nothing of it counts before it is confirmed"

ROUNDUP = "/roundups/{roundup_id}"
AWAY = {"from_on": "2026-12-01", "to_on": "2026-12-04", "note": "出差"}

FORMS: Mapping[str, FormToSend] = {
    # One's own account
    "accounts.account": FormToSend(
        "lead.liaison",
        ("password_changed",),
        changes={"current_password": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD},
        again="the old password is no longer right",
    ),
    "absences.own": FormToSend("lead.liaison", ("absence_added",), page="/account/absences", changes=AWAY),
    "absences.of_person": FormToSend("administrator", ("absence_added",), page=f"{PERSON}/absences", changes=AWAY),
    "absences.end": FormToSend("administrator", ("absence_ended",), page=f"{PERSON}/absences"),
    "roundups.change_words": FormToSend("supervisor", ("changed",), page=ROUNDUP, changes={"words": "另写的正文"}),
    "roundups.send": FormToSend(
        "supervisor",
        ("roundup_sent",),
        page=ROUNDUP,
        changes=lambda walk: {"people": str(walk.province.own.people["leader"].id)},
    ),
    "snoozing.snooze": FormToSend("lead.liaison", ("snoozed",)),
    "notice_wishes.wishes": FormToSend("lead.liaison", ("changed",), changes={"notices": "morning"}),
    "accounts.end_sessions": FormToSend("lead.liaison", ("sessions_ended",), page="/account", again="signed out by it"),
    "accounts.sign_out": FormToSend("lead.liaison", ("signed_out",), page="/account", again="signed out by it"),
    # One task
    "tasks.close": on_task(
        "supervisor", "close", situation=SUBMITTED, changes={"closure": "done", "verification": "verified"}
    ),
    "tasks.return": on_task("supervisor", "return", situation=SUBMITTED, changes=REASON),
    "tasks.suspend": on_task("supervisor", "suspend", changes={**REASON, "review_on": "2026-12-20"}),
    "tasks.resume": on_task("supervisor", "resume", situation=(T.SUSPENDED, A.IN_PROGRESS)),
    "tasks.terminate": on_task("supervisor", "terminate", changes=REASON),
    "tasks.reopen": on_task(
        "supervisor", "reopen", situation=(T.CLOSED, A.ACCEPTED), changes={**REASON, "due_on": "2027-01-20"}
    ),
    "tasks.archive": on_task("supervisor", "archive", situation=(T.CLOSED, A.ACCEPTED)),
    "tasks.unarchive": on_task("supervisor", "unarchive", situation=(T.CLOSED, A.ACCEPTED), first=("tasks.archive",)),
    "tasks.correct_deadline": on_task("supervisor", "correct", changes={**REASON, "due_on": "2027-02-01"}),
    "tasks.correct_departments": on_task(
        "supervisor",
        "correct",
        situation=(T.DRAFT, A.PENDING),
        changes=lambda walk: {**REASON, "partners": walk.province.own.departments["other"].name},
    ),
    # One department's part of it
    "tasks.acknowledge": on_task("lead.liaison", "acknowledge", situation=ISSUED),
    "tasks.dispatch": on_task("lead.liaison", "dispatch", changes={"officer_id": ""}),
    "tasks.report": on_task("lead.officer", "report", changes={"done": "已完成一半", "percent": "50"}),
    "tasks.no_change": on_task("lead.liaison", "report"),
    "tasks.submit": on_task("lead.liaison", "submit", changes={"why_without_partners": "不影响办结"}),
    "tasks.withdraw": on_task("lead.liaison", "withdraw", situation=SUBMITTED),
    "tasks.sign_off": on_task("lead.head", "sign_off", situation=REVIEWED),
    "tasks.return_inside": on_task("lead.head", "return_inside", situation=REVIEWED, changes=REASON),
    "tasks.object": on_task("lead.head", "object", situation=ISSUED, changes=REASON),
    "tasks.refuse_objection": on_task("supervisor", "refuse_objection", situation=OBJECTED, changes=REASON),
    "tasks.uphold_objection": on_task(
        "supervisor",
        "uphold_objection",
        situation=OBJECTED,
        changes=lambda walk: {**REASON, "department": walk.province.own.departments["other"].name},
    ),
    "tasks.ask_extension": on_task(
        "lead.head",
        "ask_extension",
        situation=REVIEWED,
        changes={**REASON, "asked_due_on": "2027-03-31", "progress": "过半"},
    ),
    "tasks.grant_extension": on_task("supervisor", "grant_extension", changes={"due_on": "2027-01-15"}),
    "tasks.refuse_extension": on_task("supervisor", "refuse_extension", changes=REASON),
    "tasks.accept": on_task("lead.liaison", "accept_submission", situation=SUBMITTED, place="partner"),
    "tasks.return_submission": on_task(
        "lead.liaison", "return_submission", situation=SUBMITTED, place="partner", changes=REASON
    ),
    "tasks.bring_forward": on_task("lead.liaison", "bring_forward", place="partner", changes={"due_on": "2026-12-20"}),
    "tasks.set_red": on_task("supervisor", "set_red", changes=REASON),
    "tasks.lift_red": on_task("supervisor", "lift_red", changes=REASON, first=("tasks.set_red",)),
    "tasks.issue": FormToSend(
        "supervisor",
        ("issue",),
        page="/plans/{plan_id}/issue?task_id={task_id}",
        situation=(T.DRAFT, A.PENDING),
        changes=lambda walk: {"task_id": str(task_id_of(walk, (T.DRAFT, A.PENDING)))},
    ),
    "decomposition.carry_out": FormToSend(
        "lead.head",
        ("decompose", "issue"),
        page="/tasks/{task_id}/assignments/{assignment_id}/decompose",
        changes=lambda walk: {"subtask-0-department": str(walk.province.own.departments["north"].id)},
    ),
    # Files
    "attachments.add": on_task("lead.liaison", "attached", changes=lambda _: {"files": (io.BytesIO(b"x"), "佐证.txt")}),
    "attachments.remove": on_task("lead.liaison", "detached"),
    # Formal orders
    "orders.confirm": FormToSend(
        "supervisor",
        ("ordered",),
        page="/tasks/{task_id}/assignments/{assignment_id}/order",
        changes={"text": "请按期办结", "due_on": "2026-12-10"},
    ),
    "orders.reply": FormToSend(
        "lead.liaison",
        ("order_replied",),
        page="/orders/{order_id}",
        changes={"text": "已整改"},
        first=("orders.confirm",),
        ids={"order_id": newest("supervision_order")},
    ),
    "orders.return_reply": FormToSend(
        "supervisor", ("order_reply_returned",), page="/orders/{order_id}", changes=REASON
    ),
    "orders.settle": FormToSend("supervisor", ("order_settled",), page="/orders/{order_id}"),
    "orders.withdraw_order": FormToSend(
        "supervisor",
        ("order_withdrawn",),
        page="/orders/{order_id}",
        changes=REASON,
        first=("orders.confirm",),
        ids={"order_id": newest("supervision_order")},
    ),
    # Periods and trajectories
    "periods.rhythm": FormToSend(
        "supervisor", ("changed",), page="/plans/{plan_id}/reports", changes={"rhythm": "weekly"}
    ),
    "periods.save_trajectory": FormToSend(
        "lead.head",
        ("plan_progress",),
        page="/tasks/{task_id}/trajectory",
        changes={f"percent-{NOW:%G-W%V}": "50"},
        first=("periods.rhythm",),
    ),
    "plan_reminders.rules": FormToSend("supervisor", ("changed",), changes={"on:overdue_3": None}),
    # Many tasks at once
    "bulk.confirm": FormToSend("supervisor", ("reminded",), page="/tasks/bulk?act=remind&task_id={task_id}"),
    # Instructions and requests for help
    "instructions.on_plan": FormToSend(
        "leader", ("instructed",), changes={"text": "请抓紧", "to_supervisors": "y", "reply_due_on": "2026-12-10"}
    ),
    "instructions.on_task": FormToSend(
        "leader", ("instructed",), changes={"text": "请抓紧", "reply_due_on": "2026-12-10"}
    ),
    "instructions.reply": FormToSend(
        "lead.liaison", ("instruction_replied",), page="/instructions/{instruction_id}", changes={"text": "已落实"}
    ),
    "instructions.accept": FormToSend(
        "leader", ("instruction_accepted",), page="/instructions/{instruction_id}", first=("instructions.reply",)
    ),
    "instructions.return_": FormToSend(
        "leader",
        ("instruction_returned",),
        page="/instructions/{instruction_id}",
        first=("instructions.reply",),
        changes={**REASON, "reply_due_on": "2026-12-20"},
    ),
    "instructions.withdraw": FormToSend(
        "leader", ("instruction_withdrawn",), page="/instructions/{instruction_id}", changes=REASON
    ),
    "help_requests.decide": FormToSend(
        "supervisor",
        ("help_decided",),
        page="/help-requests/{request_id}",
        changes=lambda walk: {
            "decision": "同意",
            "owner": walk.province.own.departments["partner"].name,
            "act_by": "2026-12-20",
        },
    ),
    "help_requests.finish": FormToSend(
        "partner.liaison",
        ("help_done",),
        page="/help-requests/{request_id}",
        changes={"outcome": "已落实"},
        first=("help_requests.decide",),
    ),
    "help_requests.withdraw": FormToSend(
        "lead.liaison", ("help_withdrawn",), page="/help-requests/{request_id}", changes=REASON
    ),
    "help_requests.plan_meeting": FormToSend(
        "supervisor",
        ("meeting_planned",),
        page="/help-requests",
        changes={"title": "第二次联席会议", "held_on": "2026-12-01"},
    ),
    "help_requests.end_meeting": FormToSend(
        "supervisor", ("meeting_ended",), page="/coordination-meetings/{meeting_id}"
    ),
    # The ledger as it comes back
    "ledger.preview": FormToSend(
        "supervisor", page="/plans/{plan_id}/ledger", changes=changed_ledger, quiet="a preview"
    ),
    "ledger.apply": FormToSend("supervisor", ("correct",), answer_to="ledger.preview", changes=REASON),
    # Documents before they are plans
    "imports.new": FormToSend(
        "supervisor",
        ("read",),
        changes=lambda _: {"file": (io.BytesIO("1. 推进新事项。\n".encode()), "新要点.txt")},
        again="a document that is there already is asked about",
    ),
    "imports.review": FormToSend("supervisor", page="/imports/{draft_id}", changes={"act": "save"}, quiet=WORKSHEET),
    "imports.save_parts": FormToSend(
        "supervisor",
        form_of="/imports/{draft_id}",
        page="/imports/{draft_id}",
        quiet=WORKSHEET,
        again="the script sends what was typed since",
    ),
    "imports.discard": FormToSend("supervisor", ("discarded",), page="/imports/{draft_id}"),
    "scans.cancel": FormToSend("supervisor", ("discarded",), page="/scans/{scan_id}"),
    "scans.retry": FormToSend("supervisor", page="/scans/{scan_id}", quiet="it is read once more; what was sent stays"),
    # The directory
    "departments.new_department": FormToSend("administrator", ("added",), changes={"name": "新设局", "kind": "unit"}),
    "departments.edit_department": FormToSend("administrator", ("changed",), changes={"needs_sign_off": "y"}),
    "departments.add_alias": FormToSend("administrator", ("changed",), page=DEPARTMENT, changes={"alias": "某别名"}),
    "departments.remove_alias": FormToSend("administrator", ("changed",), page=DEPARTMENT),
    "departments.add_old_name": FormToSend(
        "administrator", ("changed",), page=DEPARTMENT, changes={"old_name": "某旧名", "valid_to": "2020-12-31"}
    ),
    "departments.add_members": FormToSend(
        "administrator",
        ("member_added",),
        page=DEPARTMENT,
        changes=lambda walk: {"members": walk.province.own.departments["other"].name, "from_on": "2027-01-01"},
    ),
    "departments.end_member": FormToSend(
        "administrator", ("member_ended",), page=DEPARTMENT, changes={"last_day": "2026-12-31"}
    ),
    "departments.remove_member": FormToSend(
        "administrator",
        ("member_ended",),
        page=DEPARTMENT,
        first=("departments.add_members",),
        ids={"member_id": newest("department_member")},
    ),
    "successions.preview": FormToSend(
        "administrator",
        page="/departments/{department_id}/succession",
        ids={"department_id": lambda walk: walk.province.own.departments["other"].id},
        changes=lambda walk: {
            "kind": "merger",
            "successors": walk.province.own.departments["lead"].name,
            "from_on": "2026-11-23",
            **REASON,
        },
        quiet="a preview",
    ),
    "successions.confirm": FormToSend(
        "administrator",
        ("merged", "correct"),
        form_of="/departments/{department_id}/succession",
        answer_to="successions.preview",
        ids={"department_id": lambda walk: walk.province.own.departments["other"].id},
    ),
    "renamings.new_renaming": FormToSend(
        "administrator", ("added",), changes={"old_names": "旧局", "new_names": "新局", "from_on": "2026-01-01"}
    ),
    "renamings.edit_renaming": FormToSend("administrator", ("changed",), changes={"note": "另有说明"}),
    "directory.upload": FormToSend(
        "administrator",
        quiet=WORKSHEET,
        again="each file is a draft of its own",
        changes=lambda _: {"file": (io.BytesIO(DIRECTORY_FILE.encode()), "单位.csv")},
    ),
    "directory.begin_with_template": FormToSend(
        "administrator",
        page="/directory/import",
        quiet=WORKSHEET,
        again="each file is a draft of its own",
        changes=lambda _: {"template": list_templates()[0].code, "place": "江南省"},
    ),
    "directory.apply": FormToSend(
        "administrator",
        ("added",),
        page="/directory/import/{upload_id}",
        first=("directory.upload",),
        ids={"upload_id": newest("directory_upload")},
    ),
    "directory.give_up": FormToSend(
        "administrator",
        page="/directory/import/{upload_id}",
        quiet="the file that was sent stays, with the day on which it was given up",
        first=("directory.upload",),
        ids={"upload_id": newest("directory_upload")},
    ),
    "calendar.notice": FormToSend("administrator", ("added",), changes={"text": NOTICE, "adopt": "y"}),
    # People
    "people.new_person": FormToSend(
        "administrator", ("added",), changes={"name": "某某", "username": "moumou", "is_invited": None}
    ),
    "people.edit_person": FormToSend("administrator", ("changed",), changes={"name": "某某某"}),
    "people.set_password": FormToSend(
        "administrator", ("password_set",), page=PERSON, changes={"password": NEW_PASSWORD}
    ),
    "people.hand_link_over": FormToSend(
        "administrator",
        ("link_made",),
        page=PERSON,
        again="a link is shown once and kept nowhere: what is seen last is a new one, and the one before is void",
    ),
    "people.withdraw_link": FormToSend(
        "administrator", ("link_withdrawn",), page=PERSON, first=("people.hand_link_over",)
    ),
    "people.end_sessions": FormToSend("administrator", ("sessions_ended",), page=PERSON),
    "people.switch_off": FormToSend("administrator", ("switched_off",), page=f"{PERSON}/leaving"),
    "people.switch_on": FormToSend("administrator", ("switched_on",), page=PERSON, first=("people.switch_off",)),
    "people.add_post": FormToSend(
        "administrator",
        ("post_added",),
        page=PERSON,
        changes=lambda walk: {
            "department": walk.province.own.departments["other"].name,
            "role": "officer",
            "from_on": "2027-01-01",
        },
    ),
    "people.end_post": FormToSend("administrator", ("post_ended",), page=PERSON, changes={"last_day": "2026-12-31"}),
    "people.remove_post": FormToSend(
        "administrator", ("post_removed",), page=PERSON, first=("people.add_post",), ids={"post_id": newest("post")}
    ),
    "people.add_to_portfolio": FormToSend(
        "administrator",
        ("portfolio_added",),
        page=PERSON,
        changes=lambda walk: {"department": walk.province.own.departments["lead"].name},
    ),
    "people.remove_from_portfolio": FormToSend("administrator", ("portfolio_removed",), page=PERSON),
    "leaving.leave": FormToSend("administrator", ("switched_off",), form_of="/people/{person_id}/switch-off"),
    "leaving.end_post": FormToSend("administrator", ("post_ended",), changes={"last_day": "2026-12-31"}),
    # Looking after the system
    "settings.sending": FormToSend("administrator", ("changed",), page="/settings", changes={"per_minute": "60"}),
    "settings.edit": FormToSend("administrator", ("changed",), changes={"mail_from": "duban@example.org"}),
    "robots.new_robot": FormToSend(
        "administrator",
        ("added",),
        changes=lambda walk: {
            "name": "督查群",
            "address": ADDRESSES["feishu"],
            "department": walk.province.own.departments["lead"].name,
        },
    ),
    "robots.edit_robot": FormToSend("administrator", ("changed",), changes={"name": "改名的群"}),
    "robots.remove_robot": FormToSend("administrator", ("removed",), page="/settings/robots/{robot_id}"),
    "robots.try_out": FormToSend(
        "administrator",
        page="/settings/robots/{robot_id}",
        quiet="what a robot said stands with the robot; nothing is changed by it",
    ),
    "jobs.request_run": FormToSend("administrator", ("run_requested",), page="/jobs", changes={"day": "2026-11-20"}),
    "outbox.requeue": FormToSend("administrator", ("requeued",), page="/outbox/{mail_id}"),
    "outbox.drop": FormToSend("administrator", ("dropped",), page="/outbox/{mail_id}", first=("outbox.requeue",)),
    "inbox.mark_all_read": FormToSend(
        "lead.liaison", page="/inbox", quiet="what somebody read is their own, and no change of the work"
    ),
    "audit.export": FormToSend("auditor", ("exported",), page="/audit", again="each file that leaves is told of"),
}


BY_VISITORS = "{}: it is sent by who is not signed in"
TRIED_ELSEWHERE: Mapping[str, str] = {
    "accounts.sign_in": BY_VISITORS.format("test_sign_in"),
    "accounts.forgot_password": BY_VISITORS.format("test_account_links"),
    "accounts.set_password": BY_VISITORS.format("test_account_links"),
    "notice_wishes.leave": BY_VISITORS.format("test_notice_wishes"),
    **{
        f"setup.{step}": "test_setup: there is no set-up where there are people"
        for step in ("code", "administrator", "body", "mail", "directory")
    },
    "people.send_link": "test_people: this installation has no mail server",
    "revisions.apply": "test_revisions: the province has no document that says something else than its plan",
    "outbox.requeue_all": "test_jobs_and_outbox: one mail of the province failed, which is sent again by itself",
    "outbox.release": "test_engine_pages: nothing holds the mails of the province up",
    "outbox.switch_address_on": "test_engine_pages: all addresses of the province are on",
    "inbox.mark_unread": "test_inbox: opening the page again reads the message again",
    "liaisons.preview": "test_liaisons: its address names departments besides",
    "liaisons.confirm": "test_liaisons: its address names departments besides",
    "scans.of_draft": "test_scans: the drafts of the province were read from text",
    "tasks.expand": "test_tasks: no task of the province has a collective unit",
}
"""where else a form is tried, and why not here"""

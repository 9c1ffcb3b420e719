"""Every form of every page, sent by somebody who may: what the trail says of it, a second click, the way back.

To add a route that takes a form, add its line to ``POSTS``. It is sent as it stands on its page, with the changes of
the line, once and once more, and the pages around it are looked at again.
"""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from lxml import html
from werkzeug.test import TestResponse

from taskboard.domain.workflow import AssignmentState, TaskState
from taskboard.services.directory_templates import list_templates
from tests.support.factories import NOW, PASSWORD
from tests.support.forms import filled_form
from tests.support.province import SITUATIONS
from tests.support.robots import ADDRESSES
from tests.support.walk import Walk, address, people_of, walking
from tests.web.test_calendar import NOTICE

Changes = Mapping[str, Any] | Callable[[Walk], Mapping[str, Any]]
Situation = tuple[TaskState, AssignmentState]
T, A = TaskState, AssignmentState


@dataclass(frozen=True)
class Post:
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


def on_task(who: str, *acts: str, **more: Any) -> Post:
    return Post(who, acts, page=TASK, **more)


def newest(table: str) -> Callable[[Walk], Any]:
    """The id of the row of this table that was added last."""
    return lambda walk: rows(walk, f"SELECT max(id) FROM {table}")[0][0]


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

POSTS: Mapping[str, Post] = {
    # One's own account
    "accounts.account": Post(
        "lead.liaison",
        ("password_changed",),
        changes={"current_password": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD},
        again="the old password is no longer right",
    ),
    "absences.own": Post("lead.liaison", ("absence_added",), page="/account/absences", changes=AWAY),
    "absences.of_person": Post("administrator", ("absence_added",), page=f"{PERSON}/absences", changes=AWAY),
    "absences.end": Post("administrator", ("absence_ended",), page=f"{PERSON}/absences"),
    "roundups.change_words": Post("supervisor", ("changed",), page=ROUNDUP, changes={"words": "另写的正文"}),
    "roundups.send": Post(
        "supervisor",
        ("roundup_sent",),
        page=ROUNDUP,
        changes=lambda walk: {"people": str(walk.province.own.people["leader"].id)},
    ),
    "snoozing.snooze": Post("lead.liaison", ("snoozed",)),
    "notice_wishes.wishes": Post("lead.liaison", ("changed",), changes={"notices": "morning"}),
    "accounts.end_sessions": Post("lead.liaison", ("sessions_ended",), page="/account", again="signed out by it"),
    "accounts.sign_out": Post("lead.liaison", ("signed_out",), page="/account", again="signed out by it"),
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
    "tasks.issue": Post(
        "supervisor",
        ("issue",),
        page="/plans/{plan_id}/issue?task_id={task_id}",
        situation=(T.DRAFT, A.PENDING),
        changes=lambda walk: {"task_id": str(task_id_of(walk, (T.DRAFT, A.PENDING)))},
    ),
    "decomposition.carry_out": Post(
        "lead.head",
        ("decompose", "issue"),
        page="/tasks/{task_id}/assignments/{assignment_id}/decompose",
        changes=lambda walk: {"subtask-0-department": str(walk.province.own.departments["north"].id)},
    ),
    # Files
    "attachments.add": on_task("lead.liaison", "attached", changes=lambda _: {"files": (io.BytesIO(b"x"), "佐证.txt")}),
    "attachments.remove": on_task("lead.liaison", "detached"),
    # Formal orders
    "orders.confirm": Post(
        "supervisor",
        ("ordered",),
        page="/tasks/{task_id}/assignments/{assignment_id}/order",
        changes={"text": "请按期办结", "due_on": "2026-12-10"},
    ),
    "orders.reply": Post(
        "lead.liaison",
        ("order_replied",),
        page="/orders/{order_id}",
        changes={"text": "已整改"},
        first=("orders.confirm",),
        ids={"order_id": newest("supervision_order")},
    ),
    "orders.return_reply": Post("supervisor", ("order_reply_returned",), page="/orders/{order_id}", changes=REASON),
    "orders.settle": Post("supervisor", ("order_settled",), page="/orders/{order_id}"),
    "orders.withdraw_order": Post(
        "supervisor",
        ("order_withdrawn",),
        page="/orders/{order_id}",
        changes=REASON,
        first=("orders.confirm",),
        ids={"order_id": newest("supervision_order")},
    ),
    # Periods and trajectories
    "periods.rhythm": Post("supervisor", ("changed",), page="/plans/{plan_id}/reports", changes={"rhythm": "weekly"}),
    "periods.save_trajectory": Post(
        "lead.head",
        ("plan_progress",),
        page="/tasks/{task_id}/trajectory",
        changes={f"percent-{NOW:%G-W%V}": "50"},
        first=("periods.rhythm",),
    ),
    "plan_reminders.rules": Post("supervisor", ("changed",), changes={"on:overdue_3": None}),
    # Many tasks at once
    "bulk.confirm": Post("supervisor", ("reminded",), page="/tasks/bulk?act=remind&task_id={task_id}"),
    # Instructions and requests for help
    "instructions.on_plan": Post(
        "leader", ("instructed",), changes={"text": "请抓紧", "to_supervisors": "y", "reply_due_on": "2026-12-10"}
    ),
    "instructions.on_task": Post("leader", ("instructed",), changes={"text": "请抓紧", "reply_due_on": "2026-12-10"}),
    "instructions.reply": Post(
        "lead.liaison", ("instruction_replied",), page="/instructions/{instruction_id}", changes={"text": "已落实"}
    ),
    "instructions.accept": Post(
        "leader", ("instruction_accepted",), page="/instructions/{instruction_id}", first=("instructions.reply",)
    ),
    "instructions.return_": Post(
        "leader",
        ("instruction_returned",),
        page="/instructions/{instruction_id}",
        first=("instructions.reply",),
        changes={**REASON, "reply_due_on": "2026-12-20"},
    ),
    "instructions.withdraw": Post(
        "leader", ("instruction_withdrawn",), page="/instructions/{instruction_id}", changes=REASON
    ),
    "help_requests.decide": Post(
        "supervisor",
        ("help_decided",),
        page="/help-requests/{request_id}",
        changes=lambda walk: {
            "decision": "同意",
            "owner": walk.province.own.departments["partner"].name,
            "act_by": "2026-12-20",
        },
    ),
    "help_requests.finish": Post(
        "partner.liaison",
        ("help_done",),
        page="/help-requests/{request_id}",
        changes={"outcome": "已落实"},
        first=("help_requests.decide",),
    ),
    "help_requests.withdraw": Post(
        "lead.liaison", ("help_withdrawn",), page="/help-requests/{request_id}", changes=REASON
    ),
    "help_requests.plan_meeting": Post(
        "supervisor",
        ("meeting_planned",),
        page="/help-requests",
        changes={"title": "第二次联席会议", "held_on": "2026-12-01"},
    ),
    "help_requests.end_meeting": Post("supervisor", ("meeting_ended",), page="/coordination-meetings/{meeting_id}"),
    # The ledger as it comes back
    "ledger.preview": Post("supervisor", page="/plans/{plan_id}/ledger", changes=changed_ledger, quiet="a preview"),
    "ledger.apply": Post("supervisor", ("correct",), answer_to="ledger.preview", changes=REASON),
    # Documents before they are plans
    "imports.new": Post(
        "supervisor",
        ("read",),
        changes=lambda _: {"file": (io.BytesIO("1. 推进新事项。\n".encode()), "新要点.txt")},
        again="a document that is there already is asked about",
    ),
    "imports.review": Post("supervisor", page="/imports/{draft_id}", changes={"act": "save"}, quiet=WORKSHEET),
    "imports.save_parts": Post(
        "supervisor",
        form_of="/imports/{draft_id}",
        page="/imports/{draft_id}",
        quiet=WORKSHEET,
        again="the script sends what was typed since",
    ),
    "imports.discard": Post("supervisor", ("discarded",), page="/imports/{draft_id}"),
    "scans.cancel": Post("supervisor", ("discarded",), page="/scans/{scan_id}"),
    "scans.retry": Post("supervisor", page="/scans/{scan_id}", quiet="it is read once more; what was sent stays"),
    # The directory
    "departments.new_department": Post("administrator", ("added",), changes={"name": "新设局", "kind": "unit"}),
    "departments.edit_department": Post("administrator", ("changed",), changes={"needs_sign_off": "y"}),
    "departments.add_alias": Post("administrator", ("changed",), page=DEPARTMENT, changes={"alias": "某别名"}),
    "departments.remove_alias": Post("administrator", ("changed",), page=DEPARTMENT),
    "departments.add_old_name": Post(
        "administrator", ("changed",), page=DEPARTMENT, changes={"old_name": "某旧名", "valid_to": "2020-12-31"}
    ),
    "departments.add_members": Post(
        "administrator",
        ("member_added",),
        page=DEPARTMENT,
        changes=lambda walk: {"members": walk.province.own.departments["other"].name, "from_on": "2027-01-01"},
    ),
    "departments.end_member": Post(
        "administrator", ("member_ended",), page=DEPARTMENT, changes={"last_day": "2026-12-31"}
    ),
    "departments.remove_member": Post(
        "administrator",
        ("member_ended",),
        page=DEPARTMENT,
        first=("departments.add_members",),
        ids={"member_id": newest("department_member")},
    ),
    "successions.preview": Post(
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
    "successions.confirm": Post(
        "administrator",
        ("merged", "correct"),
        form_of="/departments/{department_id}/succession",
        answer_to="successions.preview",
        ids={"department_id": lambda walk: walk.province.own.departments["other"].id},
    ),
    "renamings.new_renaming": Post(
        "administrator", ("added",), changes={"old_names": "旧局", "new_names": "新局", "from_on": "2026-01-01"}
    ),
    "renamings.edit_renaming": Post("administrator", ("changed",), changes={"note": "另有说明"}),
    "directory.upload": Post(
        "administrator",
        quiet=WORKSHEET,
        again="each file is a draft of its own",
        changes=lambda _: {"file": (io.BytesIO(DIRECTORY_FILE.encode()), "单位.csv")},
    ),
    "directory.begin_with_template": Post(
        "administrator",
        page="/directory/import",
        quiet=WORKSHEET,
        again="each file is a draft of its own",
        changes=lambda _: {"template": list_templates()[0].code, "place": "江南省"},
    ),
    "directory.apply": Post(
        "administrator",
        ("added",),
        page="/directory/import/{upload_id}",
        first=("directory.upload",),
        ids={"upload_id": newest("directory_upload")},
    ),
    "directory.give_up": Post(
        "administrator",
        page="/directory/import/{upload_id}",
        quiet="the file that was sent stays, with the day on which it was given up",
        first=("directory.upload",),
        ids={"upload_id": newest("directory_upload")},
    ),
    "calendar.notice": Post("administrator", ("added",), changes={"text": NOTICE, "adopt": "y"}),
    # People
    "people.new_person": Post(
        "administrator", ("added",), changes={"name": "某某", "username": "moumou", "is_invited": None}
    ),
    "people.edit_person": Post("administrator", ("changed",), changes={"name": "某某某"}),
    "people.set_password": Post("administrator", ("password_set",), page=PERSON, changes={"password": NEW_PASSWORD}),
    "people.hand_link_over": Post(
        "administrator",
        ("link_made",),
        page=PERSON,
        again="a link is shown once and kept nowhere: what is seen last is a new one, and the one before is void",
    ),
    "people.withdraw_link": Post("administrator", ("link_withdrawn",), page=PERSON, first=("people.hand_link_over",)),
    "people.end_sessions": Post("administrator", ("sessions_ended",), page=PERSON),
    "people.switch_off": Post("administrator", ("switched_off",), page=f"{PERSON}/leaving"),
    "people.switch_on": Post("administrator", ("switched_on",), page=PERSON, first=("people.switch_off",)),
    "people.add_post": Post(
        "administrator",
        ("post_added",),
        page=PERSON,
        changes=lambda walk: {
            "department": walk.province.own.departments["other"].name,
            "role": "officer",
            "from_on": "2027-01-01",
        },
    ),
    "people.end_post": Post("administrator", ("post_ended",), page=PERSON, changes={"last_day": "2026-12-31"}),
    "people.remove_post": Post(
        "administrator", ("post_removed",), page=PERSON, first=("people.add_post",), ids={"post_id": newest("post")}
    ),
    "people.add_to_portfolio": Post(
        "administrator",
        ("portfolio_added",),
        page=PERSON,
        changes=lambda walk: {"department": walk.province.own.departments["lead"].name},
    ),
    "people.remove_from_portfolio": Post("administrator", ("portfolio_removed",), page=PERSON),
    "leaving.leave": Post("administrator", ("switched_off",), form_of="/people/{person_id}/switch-off"),
    "leaving.end_post": Post("administrator", ("post_ended",), changes={"last_day": "2026-12-31"}),
    # Looking after the system
    "settings.sending": Post("administrator", ("changed",), page="/settings", changes={"per_minute": "60"}),
    "settings.edit": Post("administrator", ("changed",), changes={"mail_from": "duban@example.org"}),
    "robots.new_robot": Post(
        "administrator",
        ("added",),
        changes=lambda walk: {
            "name": "督查群",
            "address": ADDRESSES["feishu"],
            "department": walk.province.own.departments["lead"].name,
        },
    ),
    "robots.edit_robot": Post("administrator", ("changed",), changes={"name": "改名的群"}),
    "robots.remove_robot": Post("administrator", ("removed",), page="/settings/robots/{robot_id}"),
    "robots.try_out": Post(
        "administrator",
        page="/settings/robots/{robot_id}",
        quiet="what a robot said stands with the robot; nothing is changed by it",
    ),
    "jobs.request_run": Post("administrator", ("run_requested",), page="/jobs", changes={"day": "2026-11-20"}),
    "outbox.requeue": Post("administrator", ("requeued",), page="/outbox/{mail_id}"),
    "outbox.drop": Post("administrator", ("dropped",), page="/outbox/{mail_id}", first=("outbox.requeue",)),
    "inbox.mark_all_read": Post(
        "lead.liaison", page="/inbox", quiet="what somebody read is their own, and no change of the work"
    ),
    "audit.export": Post("auditor", ("exported",), page="/audit", again="each file that leaves is told of"),
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


def rows(walk: Walk, query: str) -> list[Any]:
    with closing(sqlite3.connect(walk.database)) as connection:
        return connection.execute(query).fetchall()


def task_id_of(walk: Walk, situation: Situation) -> int:
    """The task of lead and partner that is in this situation; those of the other department were made before it."""
    return walk.province.own.tasks[len(SITUATIONS) + SITUATIONS.index(situation)].id


def ids_for(walk: Walk, post: Post) -> dict[str, Any]:
    task_id = task_id_of(walk, post.situation)
    department_id = walk.province.own.departments[post.place].id
    branch = rows(walk, f"SELECT id FROM assignment WHERE task_id = {task_id} AND department_id = {department_id}")
    ids: dict[str, Any] = {**walk.province.own.ids, "task_id": task_id, "assignment_id": branch[0][0]}
    return ids | {name: find(walk) for name, find in post.ids.items()}


@dataclass(frozen=True)
class Sent:
    """A form that was sent: where to, from which page, and how to send it again."""

    path: str
    page: str
    fields: Callable[[], dict[str, Any]]
    answer: TestResponse


def send(walk: Walk, endpoint: str) -> Sent:
    """Fill the form in as it stands on its page, and send it."""
    post = POSTS[endpoint]
    rule = next(rule for rule, method in walk.routes() if rule.endpoint == endpoint and method == "POST")
    ids = ids_for(walk, post)
    path = address(walk.app, rule, ids)
    page = path if post.page is None else post.page.format(**ids)
    goes_to = path if post.form_of is None else post.form_of.format(**ids)
    shown = send(walk, post.answer_to).answer if post.answer_to else walk.go(post.who, "GET", page)
    if shown.status_code == 303:  # the preview has an address of its own
        shown = walk.go(post.who, "GET", shown.location)
    assert shown.status_code == 200, (endpoint, page, shown.status_code, problems_of(shown))
    text = shown.text

    def fields() -> dict[str, Any]:
        # A file is read to its end by the first sending: each has its own.
        changes = post.changes(walk) if callable(post.changes) else post.changes
        return filled_form(text, goes_to, stands_at=page, changes=changes)

    answer = walk.go(post.who, "POST", path, fields())
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
    with walking(tmp_path_factory.mktemp("posts")) as walk:
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

    assert set(POSTS) == taking - set(TRIED_ELSEWHERE)
    assert set(TRIED_ELSEWHERE) <= taking
    assert [one for one, post in POSTS.items() if bool(post.acts) is bool(post.quiet)] == []


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


@pytest.mark.parametrize("endpoint", POSTS)
def test_a_form_leaves_its_entry_and_acts_once(walk: Walk, endpoint: str) -> None:
    post = POSTS[endpoint]
    try:
        for one in post.first:
            earlier = send(walk, one).answer
            assert earlier.status_code in (200, 302, 303), (one, problems_of(earlier))
        last = rows(walk, "SELECT max(id) FROM history_entry")[0][0]
        before = walk.written()
        sent = send(walk, endpoint)
        answer = sent.answer
        after = walk.written()
        entries = entries_after(walk, last)

        assert answer.status_code in (200, 302, 303), (answer.status_code, problems_of(answer))
        assert before != after or post.quiet, problems_of(answer)
        assert {one["act"] for one in entries} == set(post.acts)
        for one in entries:
            assert (one["actor_id"], one["entrance"]) == (people_of(walk.province)[post.who].id, "web")
            assert one["at"].startswith(f"{NOW:%Y-%m-%d %H:%M}")
            assert one["before"] or one["after"] or one["act"] in BARE, one

        again = walk.go(post.who, "POST", sent.path, sent.fields())
        again.get_data()
        if not post.again:
            assert walk.written() == after, (again.status_code, problems_of(again))
            for address_after in (sent.page, answer.location):
                if address_after:
                    walk.go(post.who, "GET", address_after).close()
            assert walk.written() == after, "looking at the page again changes nothing"
    finally:
        walk.restore(post.who)

"""The whole way of one plan through the real entrances: from the document to the weekly digest."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from lxml import html

from taskboard.config import MailTransport
from taskboard.domain.departments import DepartmentKind
from taskboard.domain.local_time import at_local
from taskboard.domain.roles import Role
from taskboard.services.calendar import seed_calendar
from tests.support.factories import PASSWORD, make_department, make_person
from tests.support.visitor import Visitor

PLANS = Path(__file__).parents[1] / "data" / "plans"
DOCUMENT = "02_work_points_lines.txt"
TASK = "完善配套设施"
DUE_ON = date(2019, 9, 30)
FIRST_DAY_BACK = date(2019, 10, 8)
"""Tuesday after the National Day holiday: the first working day after the deadline, and the first of its week"""


@pytest.fixture
def settings(settings, smtp_server):
    return replace(settings, mail_transport=MailTransport.SMTP, smtp_url=smtp_server.url)


@pytest.fixture
def office(session):
    """A province with the lead and one partner of the task in its directory, and somebody in each post."""
    seed_calendar(session)
    body = make_department(session, "临江省人民政府")
    lead = make_department(session, "省住建厅", parent=body, needs_sign_off=True)
    partner = make_department(session, "省环保厅", parent=body)
    make_department(session, "各市州人民政府", parent=body, kind=DepartmentKind.COLLECTIVE)
    make_person(session, "陈督查", (Role.SUPERVISOR, body), username="chen")
    make_person(session, "李联络", (Role.LIAISON, lead), username="li")
    make_person(session, "高厅长", (Role.HEAD, lead), username="gao")
    make_person(session, "王配合", (Role.LIAISON, partner), username="wang")
    make_person(session, "赵旁观", (Role.LIAISON, make_department(session, "省教育厅", parent=body)), username="zhao")
    make_person(session, "孙管理", (Role.ADMINISTRATOR, body), username="sun")
    session.commit()


class Office:
    """The application with its clock, people at their browsers, and the jobs."""

    def __init__(self, app, clock, runner):
        self.app = app
        self.clock = clock
        self.runner = runner

    def at(self, day, hour=9):
        self.clock.moment = at_local(day, time(hour, 30))
        return self

    def visitor(self, username):
        visitor = Visitor(self.app.test_client())
        assert visitor.sign_in(username, PASSWORD).status_code == 302
        return visitor

    def run_jobs(self, day):
        """What the scheduler does of a morning, by the command that an administrator uses."""
        self.clock.moment = at_local(day, time(8, 30))
        self.runner("morning-mail", day)
        self.runner("deliver-mail", day)


@pytest.fixture
def way(app, clock, office):
    from taskboard.domain.jobs import JobName
    from taskboard.jobs.runner import run_by_hand

    def run(job, day):
        run_by_hand(app, JobName(job), day)

    return Office(app, clock, run)


def send(visitor, page, action, **changes):
    """Send the form of this action as it stands on the page, with changes; a value of None takes a field out."""
    forms = [form for form in html.fromstring(page.text).forms if (form.action or "").endswith(action)]
    assert forms, f"no form {action} on the page"
    fields: dict[str, list[str]] = {}
    for name, value in forms[0].form_values():
        fields.setdefault(name, []).append(value.removeprefix("\n"))
    for name, value in changes.items():
        fields.pop(name, None)
        if value is not None:
            fields[name] = value if isinstance(value, list) else [value]
    return visitor.client.post(forms[0].action, data=fields)


def import_document(visitor):
    """Upload, decide that every unknown name is a new department, confirm; gives the plan's address."""
    content = (PLANS / DOCUMENT).read_bytes()
    answer = visitor.post("/imports/new", file=(BytesIO(content), DOCUMENT))
    assert answer.status_code == 303, answer.text
    page = visitor.get(answer.location)
    undecided = {
        name: "create_unit"
        for name in html.fromstring(page.text).xpath('//input[@type="radio"]/@name')
        if not html.fromstring(page.text).xpath(f'//input[@name="{name}" and @checked]')
    }
    form = html.fromstring(page.text).get_element_by_id("review")
    fields = [(name, value.removeprefix("\n")) for name, value in form.form_values()]
    data: dict[str, list[str]] = {}
    for name, value in [*fields, *undecided.items(), ("leads_are_checked", "y")]:
        data.setdefault(name, []).append(value)
    # Reminders of the deadline are what the way is about, not those of monthly reports.
    data["plan-report_rhythm"] = ["none"]
    answer = visitor.client.post(answer.location, data=data | {"act": ["confirm"]})
    assert answer.status_code == 303, html.fromstring(answer.text).text_content()
    return answer.location


def task_address(page, title):
    return html.fromstring(page.text).xpath(f'//a[normalize-space()="{title}"]/@href')[0]


def issue_only(visitor, plan_address, title):
    page = visitor.get(f"{plan_address}/issue")
    task_id = task_address(page, title).rsplit("/", 1)[1]
    return send(visitor, page, f"{plan_address}/issue", task_id=task_id)


def days_between(first, last):
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def test_a_plan_goes_the_whole_way_from_document_to_weekly_digest(way, smtp_server):
    # The supervisor imports the document and issues one measure with a deadline.
    chen = way.at(date(2019, 8, 20)).visitor("chen")
    plan = import_document(chen)
    answer = issue_only(chen, plan, TASK)
    assert answer.status_code == 303, html.fromstring(answer.text).text_content()
    address = task_address(chen.get(plan), TASK)
    way.runner("deliver-mail", date(2019, 8, 20))
    notified = Counter(mail.recipients[0] for mail in smtp_server.received)
    assert notified["li@example.org"] == notified["wang@example.org"] == 1
    assert "zhao@example.org" not in notified

    # Lead and partner acknowledge; the lead reports. Nobody else can see the task.
    way.at(date(2019, 8, 21))
    for username in ("li", "wang"):
        visitor = way.visitor(username)
        page = visitor.get("/my-tasks")
        assert TASK in page.text
        assert send(visitor, visitor.get(address), "/acknowledge").status_code == 303
    li = way.visitor("li")
    answer = send(li, li.get(address), "/report", done="完成供排水设施改造方案。", percent="40")
    assert answer.status_code == 303, html.fromstring(answer.text).text_content()
    assert "完成供排水设施改造方案。" in li.get(address).text
    assert way.visitor("zhao").get(address).status_code == 404

    # The due day is on time, the day after is not.
    assert TASK not in way.at(DUE_ON).visitor("chen").get("/overdue").text
    overdue = way.at(DUE_ON + timedelta(days=1)).visitor("chen").get("/overdue").text
    assert TASK in overdue
    assert "完成供排水设施改造方案。" in overdue

    # The jobs run every morning, and once more: one scheduled mail a person and day at the most.
    smtp_server.received.clear()
    by_day = {}
    for day in days_between(date(2019, 9, 23), FIRST_DAY_BACK + timedelta(days=1)):
        way.run_jobs(day)
        by_day[day] = list(smtp_server.received)
        way.run_jobs(day)
        assert smtp_server.received == by_day[day]
        smtp_server.received.clear()
        most = Counter(mail.recipients for mail in by_day[day]).most_common(1)
        assert not most or most[0][1] == 1, (day, most)

    def days_of(username):
        return [day for day, mails in by_day.items() for one in mails if one.recipients == (f"{username}@example.org",)]

    # The Monday of a weekly digest; three working days before the deadline; one before it, a Sunday worked in exchange;
    # the due day, again a Monday; and the first working day after the holiday.
    expected = [date(2019, 9, 23), date(2019, 9, 26), date(2019, 9, 29), DUE_ON, FIRST_DAY_BACK]
    assert days_of("li") == expected
    assert days_of("wang") == expected
    assert days_of("zhao") == []
    assert not any(by_day[date(2019, 10, day)] for day in range(1, 8)), "mail on a holiday"

    # On the first working day of each week, and only then, the one mail is the weekly digest.
    weekly = {day for day, mails in by_day.items() if any("周报" in mail.subject for mail in mails)}
    assert weekly == {date(2019, 9, 23), DUE_ON, FIRST_DAY_BACK}
    digests = {mail.recipients[0]: mail for mail in by_day[FIRST_DAY_BACK]}
    for username in ("li", "wang", "gao", "chen"):
        mail = digests[f"{username}@example.org"]
        assert "周报" in mail.subject
        assert TASK in mail.text()
        assert TASK in mail.text("html")
        assert f"http://taskboard.test{address}" in mail.text()
    assert "逾期" in digests["li@example.org"].text()


def test_the_lead_finishes_and_the_supervisor_closes(way, smtp_server):
    chen = way.at(date(2019, 8, 20)).visitor("chen")
    plan = import_document(chen)
    issue_only(chen, plan, TASK)
    address = task_address(chen.get(plan), TASK)
    way.at(date(2019, 8, 21))
    people = {username: way.visitor(username) for username in ("li", "wang", "gao", "chen")}

    def act(username, action, **fields):
        visitor = people[username]
        answer = send(visitor, visitor.get(address), action, **fields)
        assert answer.status_code == 303, html.fromstring(answer.text).text_content()

    act("li", "/acknowledge")
    act("wang", "/acknowledge")
    act("wang", "/submit", statement="环评手续办结。")
    act("li", "/accept")
    act("li", "/submit", statement="设施全部完工。", why_without_partners="其余配合单位暂无联络员。")
    act("gao", "/sign-off")
    act("chen", "/return", reason="请补充验收材料。")
    assert "请补充验收材料。" in people["li"].get(address).text
    act("li", "/submit", statement="已补充验收材料。", why_without_partners="其余配合单位暂无联络员。")
    act("gao", "/sign-off")
    act("chen", "/close", closure="done", verification="verified")

    assert "已办结" in people["li"].get(address).text
    way.run_jobs(FIRST_DAY_BACK)
    reminded = [mail for mail in smtp_server.received_by("li@example.org") if "逾期" in mail.text()]
    assert not [mail for mail in reminded if TASK in mail.text().split("逾期", 1)[1]]

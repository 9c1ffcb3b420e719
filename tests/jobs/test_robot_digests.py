"""What group robots say and when: one message each, to a real server in the vendors' place, at most once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from taskboard.clock import SettableClock
from taskboard.domain.jobs import SCHEDULES, Daily, JobName
from taskboard.domain.robots import RobotKind, RobotMessageState
from taskboard.jobs.catalogue import RobotsUnreachable
from taskboard.jobs.runner import run_by_hand
from taskboard.models import Department, JobRun, MailGate, Plan, Robot, RobotMessage
from tests.support.factories import Usual, make_department, make_plan, make_task
from tests.support.robots import KEYS, Silence, Vendors, running_vendors

MONDAY = date(2026, 11, 23)
TUESDAY, SUNDAY = MONDAY + timedelta(days=1), MONDAY - timedelta(days=1)
LONG_ISSUED = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def vendors(app: APIFlask) -> Iterator[Vendors]:
    with running_vendors() as vendors:
        app.extensions["taskboard_robot_connections"] = vendors.connect
        yield vendors


@pytest.fixture(autouse=True)
def plan(session: Session, usual: Usual) -> Plan:
    plan = make_plan(session, body=usual.body, imported_by=usual.chen)
    make_task(session, plan=plan, lead=usual.lead, issued_at=LONG_ISSUED, due_on=date(2026, 11, 20), title="甲事项")
    make_task(session, plan=plan, lead=usual.lead, issued_at=LONG_ISSUED, due_on=date(2026, 11, 10), title="乙事项")
    make_task(session, plan=plan, lead=usual.other, issued_at=LONG_ISSUED, due_on=date(2026, 11, 27), title="丙事项")
    session.commit()
    return plan


def add_robot(session: Session, department: Department, kind: str = "wecom", **more: Any) -> Robot:
    robot = Robot(name=f"{kind}群", kind=RobotKind(kind), key=KEYS[kind], department_id=department.id, **more)
    session.add(robot)
    session.commit()
    return robot


def run(app: APIFlask, day: date) -> dict[str, Any]:
    return dict(run_by_hand(app, JobName.ROBOT_DIGESTS, day))


def states(session: Session) -> list[RobotMessageState]:
    session.rollback()
    return list(session.scalars(select(RobotMessage.state).order_by(RobotMessage.id)))


def test_the_week_of_a_body_is_told_in_figures(app: APIFlask, session: Session, usual: Usual, vendors: Vendors) -> None:
    add_robot(session, usual.body)

    assert run(app, MONDAY)["robots_told"] == 1

    assert vendors.said[0].text.split("\n") == [
        "【督办周报】云泽市人民政府　2026 年第 48 周",
        "统计时间 2026-11-23 09:00，变化自 2026年11月16日 起",
        "办理中 3 件",
        "逾期 2 件（上期 1 件）",
        "10 个工作日内到期 1 件",
        "待审核、待答复 0 件",
        "本期报送、办结 0 件",
        "逾期较多的单位（件数，括号内为上期）：",
        "市发展改革委　2（1）",
        "详情：http://taskboard.test/overdue",
    ]


def test_no_task_and_no_person_is_named(app: APIFlask, session: Session, usual: Usual, vendors: Vendors) -> None:
    add_robot(session, usual.body)

    run(app, MONDAY)

    names = [getattr(usual, one).name for one in ("li", "wang", "zhao", "gao", "qian", "chen", "liu", "sun")]
    assert [word for word in ("甲事项", "乙事项", "丙事项", *names) if word in vendors.said[0].text] == []


def test_a_department_tells_of_its_own_work_alone(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors
) -> None:
    add_robot(session, usual.other, "feishu")

    run(app, MONDAY)

    text = vendors.said[0].text
    assert "办理中 1 件" in text
    assert "目前没有逾期事项。" in text
    assert "市发展改革委" not in text


def test_a_digest_goes_out_once_however_often_the_job_runs(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors
) -> None:
    add_robot(session, usual.body)

    told = [run(app, day).get("robots_told") for day in (MONDAY, MONDAY, TUESDAY)]

    assert told == [1, 0, 0]
    assert len(vendors.said) == 1


def test_a_daily_robot_speaks_every_working_day_and_never_twice_on_one(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors, clock: SettableClock
) -> None:
    add_robot(session, usual.body, "dingtalk", sends_daily=True)
    run_by_hand(app, JobName.MORNING_MAIL, MONDAY)

    assert run(app, SUNDAY) == {"is_day_off": True}
    run(app, MONDAY)
    clock.moment += timedelta(days=1)
    run_by_hand(app, JobName.MORNING_MAIL, TUESDAY)
    run(app, TUESDAY)

    assert [one.text.split("\n")[0] for one in vendors.said] == [
        "【督办周报】云泽市人民政府　2026 年第 48 周",
        "【督办日报】云泽市人民政府　2026年11月24日",
    ]


@pytest.mark.parametrize("off", [{"is_on": False}, {"sends_weekly": False}])
def test_what_is_switched_off_says_nothing(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors, off: dict[str, Any]
) -> None:
    add_robot(session, usual.body, **off)

    run(app, MONDAY)

    assert vendors.said == []
    assert states(session) == []


def test_one_robot_that_refuses_keeps_no_other_from_speaking(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    add_robot(session, usual.body, "wecom")
    add_robot(session, usual.body, "feishu")
    vendors.answers.append({"errcode": 93000, "errmsg": "invalid webhook url"})

    facts = run(app, MONDAY)

    assert (facts["robots_told"], facts["robots_refused"]) == (1, 1)
    assert states(session) == [RobotMessageState.REFUSED, RobotMessageState.SENT]
    assert session.scalars(select(RobotMessage.last_error)).all() == [
        "对方拒绝接收（93000）：invalid webhook url",
        None,
    ]
    assert [key for key in KEYS.values() if key in caplog.text] == []


def test_a_message_whose_fate_is_not_known_is_not_sent_again(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors
) -> None:
    add_robot(session, usual.body)
    vendors.answers.append(Silence.AFTER_THE_REQUEST)

    assert run(app, MONDAY)["robots_unknown"] == 1
    run(app, MONDAY)

    assert states(session) == [RobotMessageState.UNKNOWN]
    assert len(vendors.said) == 1


def test_a_vendor_that_cannot_be_reached_makes_the_run_fail_and_gets_the_message_at_the_next(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors
) -> None:
    add_robot(session, usual.body)
    vendors.is_reachable = False
    with pytest.raises(RobotsUnreachable):
        run(app, MONDAY)
    session.rollback()
    error = session.scalars(select(JobRun.error).where(JobRun.job == JobName.ROBOT_DIGESTS)).one()
    assert "1 条群消息没有发出" in str(error)
    assert KEYS["wecom"] not in str(error)

    vendors.is_reachable = True

    assert run(app, MONDAY)["robots_told"] == 1
    assert len(vendors.said) == 1


def test_nothing_is_said_while_mail_is_held_after_a_restore(
    app: APIFlask, session: Session, usual: Usual, vendors: Vendors, clock: SettableClock
) -> None:
    add_robot(session, usual.body)
    session.add(MailGate(id=1, held_at=clock.now()))
    session.commit()

    assert run(app, MONDAY) == {"is_mail_held": True}

    session.execute(update(MailGate).values(held_at=None))
    session.commit()
    assert run(app, MONDAY)["robots_told"] == 1


def test_the_text_for_a_province_fits_the_smallest_robot(
    app: APIFlask, session: Session, usual: Usual, plan: Plan, vendors: Vendors
) -> None:
    for number in range(30):
        name = f"云泽市第{number}个名称很长的工作领导小组办公室（云泽市第{number}个名称同样很长的委员会秘书处）"
        lead = make_department(session, name, parent=usual.body)
        make_task(session, plan=plan, lead=lead, issued_at=LONG_ISSUED, due_on=date(2026, 11, 18))
    add_robot(session, usual.body)

    assert run(app, MONDAY)["robots_told"] == 1

    lines = vendors.said[0].text.split("\n")
    assert lines[-1] == "详情：http://taskboard.test/overdue"
    assert lines[-2].startswith("……另有 ")


def test_robots_speak_at_minute_37_of_working_days() -> None:
    schedule = SCHEDULES[JobName.ROBOT_DIGESTS]

    assert isinstance(schedule, Daily)
    assert (schedule.at.minute, schedule.only_working_days) == (37, True)

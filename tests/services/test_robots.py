"""Group robots as administrators keep them, and messages that go out at most once within the robots' limit."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, Stale
from taskboard.domain.outbox import Outcome, Result
from taskboard.domain.robots import LEASE, LIMITS, RobotDigest, RobotKind, RobotMessageState
from taskboard.extensions import IS_WRITING
from taskboard.models import HistoryEntry, Robot, RobotMessage
from taskboard.services import robots
from taskboard.services.robots import RobotValues
from tests.support.factories import NOW, Usual
from tests.support.robots import ADDRESSES, KEYS

SECRET = "SECdeadbeefcafe0123456789"


def values(usual: Usual, kind: str = "dingtalk", **more: Any) -> RobotValues:
    filled: dict[str, Any] = {"name": "督查群", "department_id": usual.body.id, "address": ADDRESSES[kind]}
    return RobotValues(**filled | more)


def by(usual: Usual, name: str = "sun") -> Any:
    return {"actor": usual.actor(name), "now": NOW, "entrance": "web"}


def add(session: Session, usual: Usual, **more: Any) -> Robot:
    return robots.add_robot(session, values(usual, **more), **by(usual))


def queue(session: Session, robot: Robot, number: int = 1, digest: RobotDigest = RobotDigest.WEEKLY) -> int:
    until = NOW + timedelta(hours=9)
    key = f"{digest}:{robot.id}:{number}"
    robots.queue_message(session, robot, digest, "文", key=key, now=NOW, valid_until=until)
    return session.scalars(select(RobotMessage.id).where(RobotMessage.message_key == key)).one()


def trail(session: Session) -> list[HistoryEntry]:
    return list(session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)))


# Keeping them


def test_a_robot_is_kept_by_vendor_and_key(session: Session, usual: Usual) -> None:
    robot = add(session, usual, secret=SECRET)

    assert (robot.kind, robot.key, robot.secret) == (RobotKind.DINGTALK, KEYS["dingtalk"], SECRET)
    assert (robot.sends_weekly, robot.sends_daily, robot.is_on) == (True, False, True)


def test_the_trail_tells_of_robots_and_of_no_key(session: Session, usual: Usual) -> None:
    robot = add(session, usual, secret=SECRET)
    robots.change_robot(session, robot.id, values(usual, "feishu", name="新群"), version=robot.version, **by(usual))
    robots.change_robot(
        session, robot.id, values(usual, address="", name="新群", secret=SECRET), version=2, **by(usual)
    )
    robots.remove_robot(session, robot.id, **by(usual))

    entries = trail(session)
    assert [entry.act for entry in entries] == ["added", "changed", "changed", "removed"]
    told = json.dumps([[entry.before, entry.after] for entry in entries], ensure_ascii=False)
    assert "督查群" in told
    for secret in (KEYS["dingtalk"], KEYS["feishu"], SECRET):
        assert secret not in told
    assert entries[2].after == {"secret": "***"}


def test_only_administrators_keep_robots(session: Session, usual: Usual) -> None:
    robot = add(session, usual)

    for refused in (
        lambda: robots.add_robot(session, values(usual, "wecom"), **by(usual, "chen")),
        lambda: robots.change_robot(session, robot.id, values(usual), version=1, **by(usual, "chen")),
        lambda: robots.remove_robot(session, robot.id, **by(usual, "chen")),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_one_robot_is_kept_once(session: Session, usual: Usual) -> None:
    add(session, usual)

    with pytest.raises(Invalid) as refused:
        add(session, usual, name="又一个")

    assert (refused.value.problem, refused.value.facts["name"]) == ("robot_is_there", "督查群")


@pytest.mark.parametrize("second", ["adds it", "gives it to another"])
def test_of_two_who_keep_one_robot_at_once_the_second_is_refused(
    session: Session, usual: Usual, engine: Engine, second: str
) -> None:
    other_id = add(session, usual, kind="feishu", name="别的群").id
    wanted, by_sun = values(usual, department_id=usual.lead.id, name="又一个"), by(usual)
    first = values(usual)
    session.commit()
    refused: list[str] = []

    def keep_too() -> None:
        with Session(engine) as another:
            another.connection(execution_options={IS_WRITING: True})
            try:
                if second == "adds it":
                    robots.add_robot(another, wanted, **by_sun)
                else:
                    robots.change_robot(another, other_id, wanted, version=1, **by_sun)
                another.commit()
            except Invalid as error:
                refused.append(error.problem)

    thread = threading.Thread(target=keep_too)
    with Session(engine) as one:
        one.connection(execution_options={IS_WRITING: True})
        robots.add_robot(one, first, **by_sun)
        thread.start()
        # Long enough for who does not wait to be done.
        thread.join(timeout=0.5)
        one.commit()
    thread.join()

    assert refused == ["robot_is_there"]
    kept = session.execute(select(Robot.name, Robot.key).order_by(Robot.id)).all()
    assert kept == [("别的群", KEYS["feishu"]), ("督查群", KEYS["dingtalk"])]


def test_an_empty_address_keeps_the_key_and_a_new_one_forgets_the_secret(session: Session, usual: Usual) -> None:
    robot = add(session, usual, secret=SECRET)

    robots.change_robot(session, robot.id, values(usual, address="", name="改名"), version=1, **by(usual))
    assert (robot.name, robot.key, robot.secret) == ("改名", KEYS["dingtalk"], SECRET)

    robots.change_robot(session, robot.id, values(usual, "feishu", name="改名"), version=2, **by(usual))
    assert (robot.kind, robot.key, robot.secret) == (RobotKind.FEISHU, KEYS["feishu"], None)


def test_saving_nothing_new_leaves_no_entry_and_a_stale_page_is_refused(session: Session, usual: Usual) -> None:
    robot = add(session, usual)
    robots.change_robot(session, robot.id, values(usual, address=""), version=1, **by(usual))
    assert (len(trail(session)), robot.version) == (1, 1)

    robots.change_robot(session, robot.id, values(usual, address="", is_on=False), version=1, **by(usual))
    with pytest.raises(Stale):
        robots.change_robot(session, robot.id, values(usual, address=""), version=1, **by(usual))


def test_what_a_removed_robot_said_goes_with_it(session: Session, usual: Usual) -> None:
    robot = add(session, usual)
    queue(session, robot)

    robots.remove_robot(session, robot.id, **by(usual))
    robots.remove_robot(session, robot.id, **by(usual))

    assert session.scalars(select(RobotMessage)).all() == []
    assert len(trail(session)) == 2


# Speaking


def test_a_message_is_kept_once(session: Session, usual: Usual) -> None:
    robot = add(session, usual)
    until = NOW + timedelta(hours=1)

    queued = [
        robots.queue_message(session, robot, RobotDigest.WEEKLY, "文", key="a", now=NOW, valid_until=until)
        for _ in range(2)
    ]

    assert queued == [True, False]


def test_a_message_is_handed_over_by_one_sender(session: Session, usual: Usual) -> None:
    message_id = queue(session, add(session, usual))

    speech = robots.begin(session, message_id, now=NOW)

    assert speech is not None
    assert robots.begin(session, message_id, now=NOW) is None
    robots.settle(session, speech, Outcome(Result.ACCEPTED), now=NOW)
    assert robots.begin(session, message_id, now=NOW + timedelta(hours=1)) is None


def test_a_message_whose_sender_died_is_unknown_and_never_sent_again(session: Session, usual: Usual) -> None:
    message_id = queue(session, add(session, usual))
    robots.begin(session, message_id, now=NOW)

    assert robots.tidy_messages(session, now=NOW + LEASE).unknown == 0
    assert robots.tidy_messages(session, now=NOW + LEASE + timedelta(seconds=1)).unknown == 1

    assert session.scalar(select(RobotMessage.state)) is RobotMessageState.UNKNOWN
    assert robots.begin(session, message_id, now=NOW + timedelta(hours=1)) is None
    assert robots.list_waiting(session, now=NOW) == []


def test_a_message_that_did_not_get_through_waits_until_it_is_past_its_time(session: Session, usual: Usual) -> None:
    message_id = queue(session, add(session, usual))
    speech = robots.begin(session, message_id, now=NOW)
    assert speech is not None

    robots.settle(session, speech, Outcome(Result.LATER, "连不上"), now=NOW)

    assert robots.list_waiting(session, now=NOW) == [message_id]
    assert robots.tidy_messages(session, now=NOW + timedelta(hours=10)).expired == 1
    [line] = robots.list_robots(session)
    assert line.is_troubled


def test_a_robot_speaks_at_most_twenty_times_a_minute(session: Session, usual: Usual) -> None:
    robot = add(session, usual)
    ids = [queue(session, robot, number) for number in range(LIMITS.per_minute + 1)]

    begun = [robots.begin(session, one, now=NOW) for one in ids]

    assert [speech is not None for speech in begun] == [True] * 20 + [False]
    with pytest.raises(Invalid) as refused:
        robots.queue_trial(session, robot.id, key="t", public_url="http://taskboard.test", now=NOW)
    assert refused.value.problem == "robot_throttled"
    assert robots.begin(session, ids[-1], now=NOW + timedelta(minutes=1)) is not None


def test_the_limit_is_of_each_robot(session: Session, usual: Usual) -> None:
    busy, idle = add(session, usual), add(session, usual, kind="wecom")
    for number in range(LIMITS.per_minute):
        robots.begin(session, queue(session, busy, number), now=NOW)

    assert robots.begin(session, queue(session, idle), now=NOW) is not None


def test_a_robot_that_is_off_says_nothing(session: Session, usual: Usual) -> None:
    robot = add(session, usual, is_on=False)
    queue(session, robot)

    assert robots.list_waiting(session, now=NOW) == []


def test_what_was_said_long_ago_is_forgotten(session: Session, usual: Usual) -> None:
    queue(session, add(session, usual))

    assert robots.remove_old_messages(session, now=NOW + robots.KEEP_MESSAGES) == 0
    assert robots.remove_old_messages(session, now=NOW + robots.KEEP_MESSAGES + timedelta(days=1)) == 1

"""The chain over the trail: everything is sealed once, and what an intruder changes afterwards is found."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from taskboard.domain.history import Change, Subject
from taskboard.domain.trail import Finding, FindingKind, Head
from taskboard.models import HistoryEntry, HistorySeal
from taskboard.services import trail
from taskboard.services.history import record_change
from taskboard.services.trail_heads import Heads, append_head, read_heads
from tests.support.factories import NOW

LATER = NOW + timedelta(hours=2)
NO_HEADS = Heads([], [])


def write(session, number: int = 1, *, now=NOW, **values) -> list[HistoryEntry]:
    return [
        record_change(
            session,
            subject=Subject.SETTING,
            subject_id=None,
            act=Change.CHANGED,
            actor=None,
            now=now,
            entrance="test",
            **(values or {"before": {"value": one}, "after": {"value": one + 1}}),
        )
        for one in range(number)
    ]


def seal(session, now=NOW) -> int:
    sealed = trail.seal_next(session, now=now)
    session.commit()
    return sealed.number


def intrude(session, *statements: str) -> None:
    """Change what the application cannot: as somebody who has the database's file, or its superuser."""
    session.commit()
    if session.get_bind().dialect.name == "sqlite":
        for table in ("history_entry", "history_seal"):
            for act in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER IF EXISTS {table}_refuses_{act}"))
    else:
        session.execute(text("SET session_replication_role = replica"))
    for statement in statements:
        session.execute(text(statement))
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET session_replication_role = DEFAULT"))
    session.commit()


def found(session, heads=NO_HEADS, now=NOW) -> list[Finding]:
    return trail.verify(session, heads, now=now)


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize(("table", "column"), [("history_entry", "reason"), ("history_seal", "digest")])
def test_the_database_itself_refuses_to_change_the_trail(session, statement, table, column):
    write(session)
    seal(session)

    with pytest.raises(DatabaseError, match="append-only"):
        session.execute(text(statement.format(table, column)))


def test_entries_are_sealed_once_and_in_order(session):
    first = write(session, 3)
    seal(session)
    second = write(session, 2)
    seal(session)

    assert seal(session) == 0
    sealed = session.execute(select(HistorySeal.position, HistorySeal.entry_id).order_by(HistorySeal.position)).all()
    assert sealed == list(enumerate([one.id for one in first + second], 1))
    assert found(session) == []


def test_sealing_goes_on_where_one_portion_ended(session, monkeypatch):
    monkeypatch.setattr(trail, "SEALED_AT_ONCE", 2)
    write(session, 5)

    portions = [trail.seal_next(session, now=NOW)]
    while portions[-1].number == 2:
        portions.append(trail.seal_next(session, now=NOW, after_id=portions[-1].last_id))

    assert [one.number for one in portions] == [2, 2, 1]
    assert found(session) == []


def test_a_changed_entry_is_named(session):
    entries = write(session, 5)
    seal(session)

    intrude(session, f"UPDATE history_entry SET after = '{{\"value\": 99}}' WHERE id = {entries[2].id}")

    assert found(session) == [Finding(FindingKind.CHANGED, 3, entries[2].id)]


@pytest.mark.parametrize(
    "change", ["act = 'nonsense'", "entrance = 'x'", "actor_id = NULL, reason = 'y'", "before = NULL", "subject = 'z'"]
)
def test_whatever_is_changed_is_found_even_what_no_entry_can_hold(session, change):
    touched = write(session, 3)[1].id
    seal(session)

    intrude(session, f"UPDATE history_entry SET {change} WHERE id = {touched}")

    assert found(session) == [Finding(FindingKind.CHANGED, 2, touched)]


def test_a_moment_that_was_shifted_is_found(session):
    entries = write(session, 3)
    seal(session)

    intrude(session, f"UPDATE history_entry SET at = '2026-11-20 01:00:00.000000' WHERE id = {entries[0].id}")

    assert found(session) == [Finding(FindingKind.CHANGED, 1, entries[0].id)]


def test_a_removed_entry_is_named(session):
    entries = write(session, 5)
    seal(session)
    gone = entries[2].id

    intrude(session, f"DELETE FROM history_entry WHERE id = {gone}")

    assert found(session) == [Finding(FindingKind.REMOVED, 3, gone)]


def test_an_entry_removed_together_with_its_seal_is_found(session):
    entries = write(session, 5)
    seal(session)
    gone = entries[2].id

    intrude(
        session,
        f"DELETE FROM history_entry WHERE id = {gone}",
        f"DELETE FROM history_seal WHERE entry_id = {gone}",
    )

    assert found(session) == [Finding(FindingKind.SEAL_REMOVED, 3)]


def test_an_entry_inserted_among_older_ones_is_named_and_never_sealed(session):
    entries = write(session, 3)
    seal(session)
    gap = entries[0].id - 1

    intrude(
        session,
        "INSERT INTO history_entry (id, subject, act, at, entrance)"
        f" VALUES ({gap}, 'setting', 'changed', '2026-11-20 01:00:00', 'web')",
    )
    write(session, now=LATER)

    assert seal(session, LATER) == 1
    assert found(session, now=LATER) == [Finding(FindingKind.INSERTED, None, gap)]


def test_a_changed_seal_is_told_from_a_changed_entry(session):
    entries = write(session, 5)
    seal(session)

    intrude(session, f"UPDATE history_seal SET digest = '{'0' * 64}' WHERE position = 3")

    assert found(session) == [Finding(FindingKind.SEAL_CHANGED, 3, entries[2].id)]


def test_a_tail_that_was_cut_is_found_by_the_head_that_was_written_down(session, tmp_path):
    write(session, 5)
    seal(session)
    head = trail.head_of_day(session, now=NOW)
    append_head(tmp_path / "heads", head)
    assert found(session, read_heads(tmp_path / "heads")) == []

    intrude(
        session,
        "DELETE FROM history_entry WHERE id IN (SELECT entry_id FROM history_seal WHERE position > 3)",
        "DELETE FROM history_seal WHERE position > 3",
    )

    assert found(session) == []
    assert found(session, read_heads(tmp_path / "heads")) == [Finding(FindingKind.TAIL_CUT, 5, day=date(2026, 11, 23))]


def test_a_chain_that_was_made_anew_differs_from_the_head(session):
    entries = write(session, 3)
    seal(session)
    head = trail.head_of_day(session, now=NOW)

    intrude(session, f"UPDATE history_entry SET reason = 'x' WHERE id = {entries[0].id}", "DELETE FROM history_seal")
    seal(session)

    assert found(session) == []
    [difference] = found(session, Heads([head], []))
    assert (difference.kind, difference.position, difference.day) == (FindingKind.HEAD_DIFFERS, 3, head.day)


def test_missing_heads_are_found_once_there_should_be_some(session):
    write(session)
    seal(session)

    assert found(session, now=NOW + timedelta(days=1)) == []
    assert found(session, now=NOW + timedelta(days=5)) == [Finding(FindingKind.HEADS_MISSING)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_entry_that_is_committed_after_a_later_one_is_sealed_after_it(session, engine):
    with Session(engine) as slow:
        [early] = write(slow)
        [late] = write(session)
        session.commit()
        seal(session)
        assert early.id < late.id
        slow.commit()
        early_id = early.id

    assert seal(session) == 1
    assert session.scalars(select(HistorySeal.entry_id).order_by(HistorySeal.position)).all() == [late.id, early_id]
    assert found(session) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_who_seal_side_by_side_seal_each_entry_once(session, engine):
    import threading

    write(session, 50)
    session.commit()

    def run() -> None:
        own = create_engine(engine.url)
        with Session(own) as other:
            trail.seal_next(other, now=NOW)
            other.commit()
        own.dispose()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert session.scalar(select(func.count()).select_from(HistorySeal)) == 50
    assert found(session) == []


def head_of(day: int, position: int = 1) -> Head:
    return Head(date(2026, 11, day), position, "a" * 64)


def test_heads_are_written_once_a_day_and_only_added(tmp_path: Path):
    path = tmp_path / "new" / "heads"

    answers = [append_head(path, head_of(23)), append_head(path, head_of(23, 2)), append_head(path, head_of(24, 3))]

    assert answers == [True, False, True]
    assert read_heads(path) == Heads([head_of(23), head_of(24, 3)], [])


def test_a_line_that_a_crash_left_unfinished_costs_no_other(tmp_path: Path):
    path = tmp_path / "heads"
    append_head(path, head_of(23))
    with path.open("a") as file:
        file.write("2026-11-2")

    append_head(path, head_of(25))

    assert read_heads(path) == Heads([head_of(23), head_of(25)], [Finding(FindingKind.HEAD_UNREADABLE, 2)])

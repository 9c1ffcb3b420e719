"""Members of collective units: dated, added together or not at all, and never twice at the same time."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import NotAllowed, NotFound
from taskboard.models import Department
from taskboard.services import members
from taskboard.services.departments import DepartmentValues, change_department
from tests.support.factories import Usual, make_department, writing_by
from tests.support.refusals import problem

TODAY = date(2026, 11, 23)
SPRING, SUMMER, AUTUMN = date(2026, 3, 1), date(2026, 7, 1), date(2026, 10, 1)


@pytest.fixture
def group(session: Session, usual: Usual) -> Department:
    return make_department(session, "领导小组各成员单位", parent=usual.body, kind=DepartmentKind.COLLECTIVE)


def add(
    session: Session, usual: Usual, group: Department, *units: Department, since: date = SPRING, to: date | None = None
) -> None:
    members.add_members(
        session, group.id, [one.id for one in units], from_on=since, to_on=to, **writing_by(usual.actor("sun"))
    )


def on(session: Session, group: Department, day: date) -> list[str]:
    return [one.name for one in members.members_on(session, group.id, day)]


def test_members_are_those_of_the_day(session: Session, usual: Usual, group: Department) -> None:
    add(session, usual, group, usual.lead, usual.partner)
    add(session, usual, group, usual.other, since=SUMMER, to=AUTUMN)

    assert on(session, group, date(2026, 2, 28)) == []
    assert on(session, group, SPRING) == ["市发展改革委", "市财政局"]
    assert on(session, group, AUTUMN) == ["市发展改革委", "市财政局", "市教育局"]
    assert on(session, group, date(2026, 10, 2)) == ["市发展改革委", "市财政局"]


def test_a_member_can_leave_and_come_back(session: Session, usual: Usual, group: Department) -> None:
    add(session, usual, group, usual.lead, to=SUMMER)
    add(session, usual, group, usual.lead, since=AUTUMN)

    assert [on(session, group, day) for day in (SPRING, date(2026, 8, 1), AUTUMN)] == [
        ["市发展改革委"],
        [],
        ["市发展改革委"],
    ]
    rows = members.list_members(session, group.id, actor=usual.actor("chen"), today=TODAY)
    assert [(row.from_on, row.to_on) for row in rows] == [(AUTUMN, None), (SPRING, SUMMER)]


def test_a_department_knows_its_groups(session: Session, usual: Usual, group: Department) -> None:
    add(session, usual, group, usual.lead, to=SUMMER)

    assert members.list_groups(session, usual.lead.id, day=SUMMER) == [group]
    assert members.list_groups(session, usual.lead.id, day=AUTUMN) == []


@pytest.mark.parametrize(("since", "to"), [(SPRING, None), (SUMMER, AUTUMN), (date(2026, 1, 1), SPRING)])
def test_nobody_is_a_member_twice_at_once(
    session: Session, usual: Usual, group: Department, since: date, to: date | None
) -> None:
    add(session, usual, group, usual.lead)

    assert problem(lambda: add(session, usual, group, usual.lead, since=since, to=to)) == ("members", "member_overlaps")


def test_naming_one_twice_in_a_list_adds_it_once(session: Session, usual: Usual, group: Department) -> None:
    add(session, usual, group, usual.lead, usual.lead)

    assert on(session, group, TODAY) == ["市发展改革委"]


def test_only_units_in_use_are_members(session: Session, usual: Usual, group: Department) -> None:
    usual.other.is_active = False
    second = make_department(session, "各区政府", kind=DepartmentKind.COLLECTIVE)

    assert problem(lambda: add(session, usual, group, usual.other)) == ("members", "member_inactive")
    assert problem(lambda: add(session, usual, group, second)) == ("members", "member_is_collective")
    assert problem(lambda: add(session, usual, group, group)) == ("members", "member_is_collective")
    assert problem(lambda: add(session, usual, usual.lead, usual.partner)) == ("group", "not_collective")


def test_a_time_has_its_days_in_order(session: Session, usual: Usual, group: Department) -> None:
    assert problem(lambda: add(session, usual, group, usual.lead, since=SUMMER, to=SPRING)) == (
        "to_on",
        "member_ends_before_start",
    )


def test_groups_and_their_members_keep_their_kind(session: Session, usual: Usual, group: Department) -> None:
    add(session, usual, group, usual.other)

    for one, kind, expected in (
        (group, DepartmentKind.UNIT, "collective_has_members"),
        (usual.other, DepartmentKind.COLLECTIVE, "department_is_member"),
    ):
        values = DepartmentValues(one.name, kind, one.parent_id)
        refused = problem(
            lambda one=one, values=values: change_department(  # type: ignore[misc]
                session, one.id, values, version=one.version, **writing_by(usual.actor("sun"))
            )
        )
        assert refused == ("kind", expected)


class TestEnding:
    def test_the_last_day_still_counts(self, session: Session, usual: Usual, group: Department) -> None:
        add(session, usual, group, usual.lead)
        [row] = members.list_members(session, group.id, actor=usual.actor("sun"), today=TODAY)

        members.end_member(session, group.id, row.id, last_day=SUMMER, **writing_by(usual.actor("sun")))

        assert on(session, group, SUMMER) == ["市发展改革委"]
        assert on(session, group, date(2026, 7, 2)) == []

    def test_it_cannot_end_before_it_began_or_reach_into_a_later_time(
        self, session: Session, usual: Usual, group: Department
    ) -> None:
        add(session, usual, group, usual.lead, to=SUMMER)
        add(session, usual, group, usual.lead, since=AUTUMN)
        sun = usual.actor("sun")
        first = members.list_members(session, group.id, actor=sun, today=TODAY)[1]

        for day, expected in ((date(2026, 2, 1), "member_ends_before_start"), (AUTUMN, "member_overlaps")):
            refused = problem(
                lambda day=day: members.end_member(session, group.id, first.id, last_day=day, **writing_by(sun))  # type: ignore[misc]
            )
            assert refused == ("last_day", expected)

    def test_one_of_another_group_is_not_found(self, session: Session, usual: Usual, group: Department) -> None:
        other = make_department(session, "各区政府", kind=DepartmentKind.COLLECTIVE)
        add(session, usual, group, usual.lead)
        sun = usual.actor("sun")
        [row] = members.list_members(session, group.id, actor=sun, today=TODAY)

        with pytest.raises(NotFound):
            members.end_member(session, other.id, row.id, last_day=SUMMER, **writing_by(sun))
        with pytest.raises(NotFound):
            members.remove_member(session, other.id, row.id, **writing_by(sun))
        assert on(session, group, TODAY) == ["市发展改革委"]


class TestRemoving:
    def test_a_mistake_of_today_can_be_taken_back(self, session: Session, usual: Usual, group: Department) -> None:
        add(session, usual, group, usual.lead, since=TODAY)
        sun = usual.actor("sun")
        [row] = members.list_members(session, group.id, actor=sun, today=TODAY)

        members.remove_member(session, group.id, row.id, **writing_by(sun))
        members.remove_member(session, group.id, row.id, **writing_by(sun))

        assert on(session, group, TODAY) == []

    def test_what_was_so_stays_on_record(self, session: Session, usual: Usual, group: Department) -> None:
        add(session, usual, group, usual.lead)
        sun = usual.actor("sun")
        [row] = members.list_members(session, group.id, actor=sun, today=TODAY)

        refused = problem(lambda: members.remove_member(session, group.id, row.id, **writing_by(sun)))

        assert refused == ("last_day", "member_has_begun")


@pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
def test_nobody_but_an_administrator_changes_members(
    session: Session, usual: Usual, group: Department, person: str
) -> None:
    add(session, usual, group, usual.lead)
    [row] = members.list_members(session, group.id, actor=usual.actor("sun"), today=TODAY)
    actor = usual.actor(person)

    with pytest.raises(NotAllowed):
        members.add_members(session, group.id, [usual.partner.id], from_on=TODAY, **writing_by(actor))
    with pytest.raises(NotAllowed):
        members.end_member(session, group.id, row.id, last_day=TODAY, **writing_by(actor))
    with pytest.raises(NotAllowed):
        members.remove_member(session, group.id, row.id, **writing_by(actor))


@pytest.mark.parametrize("person", ["li", "gao", "liu"])
def test_the_list_is_for_those_who_read_the_directory(
    session: Session, usual: Usual, group: Department, person: str
) -> None:
    with pytest.raises(NotAllowed):
        members.list_members(session, group.id, actor=usual.actor(person), today=TODAY)

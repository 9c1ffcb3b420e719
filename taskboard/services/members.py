"""The members of collective units (各市人民政府, 领导小组各成员单位), each from a day on, to a day or open-ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Unpack

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from taskboard.domain.departments import DepartmentKind
from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.history import Change
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import Department, DepartmentMember
from taskboard.services.actors import require_role
from taskboard.services.department_access import READERS
from taskboard.services.department_records import record_department
from taskboard.services.history import Writing


class MemberRow(NamedTuple):
    """A department's time in a group."""

    id: int
    department_id: int
    department: str
    is_active: bool
    from_on: date
    to_on: date | None

    def is_member_on(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or self.to_on >= day)


def members_on(session: Session, group_id: int, day: date) -> list[Department]:
    """The departments that belong to the group on that day, in the order in which they were entered."""
    query = (
        select(Department)
        .join(DepartmentMember, DepartmentMember.member_id == Department.id)
        .where(DepartmentMember.group_id == group_id, belongs_on(day))
        .order_by(DepartmentMember.id)
    )
    return list(session.scalars(query))


def list_members(session: Session, group_id: int, *, actor: Actor, today: date) -> list[MemberRow]:
    """All times of all members, those of today first."""
    require_role(actor, *READERS)
    query = (
        select(
            DepartmentMember.id,
            Department.id,
            Department.name,
            Department.is_active,
            DepartmentMember.from_on,
            DepartmentMember.to_on,
        )
        .join(Department, Department.id == DepartmentMember.member_id)
        .where(DepartmentMember.group_id == group_id)
        .order_by(DepartmentMember.id)
    )
    rows = [MemberRow(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda row: not row.is_member_on(today))


def list_groups(session: Session, department_id: int, *, day: date) -> list[Department]:
    """The collective units to which the department belongs on that day."""
    query = (
        select(Department)
        .join(DepartmentMember, DepartmentMember.group_id == Department.id)
        .where(DepartmentMember.member_id == department_id, belongs_on(day))
        .order_by(Department.id)
    )
    return list(session.scalars(query))


def add_members(
    session: Session,
    group_id: int,
    member_ids: Sequence[int],
    *,
    from_on: date,
    to_on: date | None = None,
    **by: Unpack[Writing],
) -> None:
    """Let departments belong to the group from a day on, to a day (inclusive) or open-ended: all of them or none.

    Raises :class:`Invalid` for a collective or inactive member, and for a time that overlaps another of the same one.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    group = _group(session, group_id)
    if to_on is not None and to_on < from_on:
        raise Invalid("to_on", "member_ends_before_start")
    for member_id in dict.fromkeys(member_ids):
        member = session.get(Department, member_id)
        if member is None:
            raise Invalid("members", "unknown")
        if member.kind is DepartmentKind.COLLECTIVE:
            raise Invalid("members", "member_is_collective", name=member.name)
        if not member.is_active:
            raise Invalid("members", "member_inactive", name=member.name)
        time = DepartmentMember(group_id=group.id, member_id=member.id, from_on=from_on, to_on=to_on)
        _check_no_overlap(session, time, member.name)
        session.add(time)
        session.flush()
        after = {"member": member.name, "from_on": from_on, "to_on": to_on}
        record_department(session, group.id, Change.MEMBER_ADDED, after=after, **by)


def end_member(session: Session, group_id: int, row_id: int, *, last_day: date, **by: Unpack[Writing]) -> None:
    """Let a department's time in the group end with that day; raises :class:`Invalid` where it began later."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    _group(session, group_id)
    row = session.get(DepartmentMember, row_id)
    if row is None or row.group_id != group_id:
        raise NotFound()
    if last_day < row.from_on:
        raise Invalid("last_day", "member_ends_before_start")
    time = DepartmentMember(group_id=group_id, member_id=row.member_id, from_on=row.from_on, to_on=last_day)
    if row.to_on == last_day:
        return
    name = session.get_one(Department, row.member_id).name
    _check_no_overlap(session, time, name, besides=row_id, field="last_day")
    before = {"member": name, "to_on": row.to_on}
    row.to_on = last_day
    session.flush()
    after = {"member": name, "to_on": last_day}
    record_department(session, group_id, Change.MEMBER_ENDED, before=before, after=after, **by)


def remove_member(session: Session, group_id: int, row_id: int, **by: Unpack[Writing]) -> None:
    """Take away a time that was entered by mistake and has not begun before today; what is gone is no error.

    Raises :class:`NotFound` for that of another group.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    row = session.get(DepartmentMember, row_id)
    if row is None:
        return
    if row.group_id != group_id:
        raise NotFound()
    if row.from_on < local_date(by["now"]):
        raise Invalid("last_day", "member_has_begun")
    before = {"member": session.get_one(Department, row.member_id).name, "from_on": row.from_on, "to_on": row.to_on}
    session.delete(row)
    session.flush()
    record_department(session, group_id, Change.MEMBER_ENDED, before=before, **by)


def _group(session: Session, group_id: int) -> Department:
    """The group, locked: two people who add the same member side by side wait for one another."""
    group = session.get(Department, group_id, with_for_update=True)
    if group is None:
        raise NotFound()
    if group.kind is not DepartmentKind.COLLECTIVE:
        raise Invalid("group", "not_collective", name=group.name)
    return group


def belongs_on(day: date) -> ColumnElement[bool]:
    """Whether a row of :class:`DepartmentMember` counts on that day."""
    return and_(DepartmentMember.from_on <= day, or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= day))


def _check_no_overlap(
    session: Session, time: DepartmentMember, name: str, *, besides: int | None = None, field: str = "members"
) -> None:
    same = select(DepartmentMember.id).where(
        DepartmentMember.group_id == time.group_id,
        DepartmentMember.member_id == time.member_id,
        or_(DepartmentMember.to_on.is_(None), DepartmentMember.to_on >= time.from_on),
    )
    if time.to_on is not None:
        same = same.where(DepartmentMember.from_on <= time.to_on)
    if besides is not None:
        same = same.where(DepartmentMember.id != besides)
    if session.scalars(same).first() is not None:
        raise Invalid(field, "member_overlaps", name=name)

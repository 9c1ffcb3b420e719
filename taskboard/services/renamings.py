"""The renamings of kinds of departments: shipped with the product, kept by administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Unpack

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from taskboard.domain.department_names import match_key
from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.history import Change, Subject
from taskboard.domain.known_renamings import known_renamings
from taskboard.domain.permissions import Actor
from taskboard.domain.renamings import PLACE, Renaming, Renamings, split_list
from taskboard.domain.roles import Role
from taskboard.models import DepartmentRenaming
from taskboard.services.actors import require_role
from taskboard.services.department_access import READERS
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.paging import PAGE_SIZE, Page, count_rows, last_page

LONGEST_LIST = 500
LONGEST_NOTE = 200
SHORTEST_NAME = 2
BETWEEN = "、"


@dataclass(frozen=True)
class RenamingValues:
    """What a person fills in about a renaming; the names as lists with 、 or blanks between them."""

    old_names: str
    new_names: str
    from_on: date
    note: str = ""
    is_active: bool = True


def load_renamings(session: Session) -> Renamings:
    """The renamings in use, for matching names."""
    query = select(DepartmentRenaming).where(DepartmentRenaming.is_active).order_by(DepartmentRenaming.id)
    return Renamings(
        Renaming(split_list(one.old_names), split_list(one.new_names), one.from_on) for one in session.scalars(query)
    )


def seed_renamings(session: Session) -> int:
    """Put in the shipped renamings that were never put in before; how many that were.

    One that an administrator changed or ended stays as it is.
    """
    rows = [
        {
            "old_names": BETWEEN.join(one.old),
            "new_names": BETWEEN.join(one.new),
            "from_on": one.from_on,
            "note": "",
            "is_active": True,
            "shipped_as": shipped_as,
            "version": 1,
        }
        for shipped_as, one in known_renamings()
    ]
    return insert_where_free(session, DepartmentRenaming, rows)


def list_renamings(
    session: Session, *, actor: Actor, words: str = "", number: int = 1, size: int = PAGE_SIZE
) -> Page[DepartmentRenaming]:
    """A page of all renamings, those in use first, the latest first; with ``words`` only those with a name like it."""
    require_role(actor, *READERS)
    renaming = DepartmentRenaming
    query = select(renaming)
    if words:
        query = query.where(
            or_(
                renaming.old_names.contains(words, autoescape=True),
                renaming.new_names.contains(words, autoescape=True),
                renaming.note.contains(words, autoescape=True),
            )
        )
    total = count_rows(session, query)
    number = min(max(1, number), last_page(total, size))
    query = query.order_by(renaming.is_active.desc(), renaming.from_on.desc(), renaming.id)
    rows = session.scalars(query.limit(size).offset((number - 1) * size))
    return Page(rows=list(rows), number=number, size=size, total=total)


def get_renaming(session: Session, renaming_id: int, *, actor: Actor) -> DepartmentRenaming:
    """The renaming, for people who may read the directory; raises :class:`NotFound`."""
    require_role(actor, *READERS)
    return _renaming(session, renaming_id)


def add_renaming(session: Session, values: RenamingValues, **by: Unpack[Writing]) -> DepartmentRenaming:
    """A renaming that an administrator adds; raises :class:`Invalid` where its names cannot be used.

    One that is there already as it was typed is not added again.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    old, new = _checked(values)
    same = session.scalars(
        select(DepartmentRenaming).where(
            DepartmentRenaming.old_names == old,
            DepartmentRenaming.new_names == new,
            DepartmentRenaming.from_on == values.from_on,
            DepartmentRenaming.note == values.note,
            DepartmentRenaming.is_active == values.is_active,
        )
    ).first()
    if same is not None:
        return same
    renaming = DepartmentRenaming(
        old_names=old, new_names=new, from_on=values.from_on, note=values.note, is_active=values.is_active
    )
    session.add(renaming)
    session.flush()
    _record(session, renaming, Change.ADDED, None, by)
    return renaming


def change_renaming(
    session: Session, renaming_id: int, values: RenamingValues, *, version: int, **by: Unpack[Writing]
) -> DepartmentRenaming:
    """Save what an administrator changed; one that is not ``is_active`` has ended and matches no name any more.

    Raises :class:`Stale` where somebody saved it since ``version``, :class:`Invalid` where its names cannot be used.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    renaming = _renaming(session, renaming_id)
    if renaming.version != version:
        raise Stale()
    before = _values_of(renaming)
    renaming.old_names, renaming.new_names = _checked(values)
    renaming.from_on, renaming.note, renaming.is_active = values.from_on, values.note, values.is_active
    session.flush()
    if _values_of(renaming) != before:
        _record(session, renaming, Change.CHANGED, before, by)
    return renaming


def _values_of(renaming: DepartmentRenaming) -> dict[str, Any]:
    return {name: getattr(renaming, name) for name in ("old_names", "new_names", "from_on", "note", "is_active")}


def _record(
    session: Session, renaming: DepartmentRenaming, act: Change, before: dict[str, Any] | None, by: Writing
) -> None:
    record_change(
        session,
        subject=Subject.RENAMING,
        subject_id=renaming.id,
        act=act,
        before=before,
        after=_values_of(renaming),
        **by,
    )


def _renaming(session: Session, renaming_id: int) -> DepartmentRenaming:
    renaming = session.get(DepartmentRenaming, renaming_id)
    if renaming is None:
        raise NotFound()
    return renaming


def _checked(values: RenamingValues) -> tuple[str, str]:
    """Both lists in their stored form."""
    old, new = split_list(values.old_names), split_list(values.new_names)
    for field, names in (("old_names", old), ("new_names", new)):
        if not names:
            raise Invalid(field, "required")
        for name in names:
            if name.count(PLACE) > 1 or len(match_key(name.replace(PLACE, ""))) < SHORTEST_NAME:
                raise Invalid(field, "renaming_name_unusable", name=name)
        if len(BETWEEN.join(names)) > LONGEST_LIST:
            raise Invalid(field, "too_long", limit=LONGEST_LIST)
    same = {match_key(name) for name in old} & {match_key(name) for name in new}
    if same:
        name = next(name for name in new if match_key(name) in same)
        raise Invalid("new_names", "renaming_to_itself", name=name)
    return BETWEEN.join(old), BETWEEN.join(new)

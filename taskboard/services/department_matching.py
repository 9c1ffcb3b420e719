"""The departments that a document's names mean, looked up in the directory as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.department_matching import NEEDS_A_LOOK, Directory, Listed, MatchRule
from taskboard.models import Department, DepartmentName
from taskboard.services.renamings import load_renamings
from taskboard.services.succession_records import successors_of


@dataclass(frozen=True)
class FoundName:
    """What a name in a document means: a department and the rule that found it, or neither.

    ``likely`` are departments between which no rule decides, for a person to choose from. ``renamed_on`` is the day of
    the renaming by which it was found.
    """

    department: Department | None = None
    rule: MatchRule | None = None
    renamed_on: date | None = None
    likely: tuple[Department, ...] = ()

    @property
    def needs_a_look(self) -> bool:
        """Whether a person should look at it before it counts, though it is assigned."""
        return self.rule in NEEDS_A_LOOK


def match_written(
    session: Session, names: Iterable[str], *, body_id: int | None, dated_on: date | None
) -> dict[str, FoundName]:
    """The department that each name means in a document of this body and day; a mere likeness is never taken.

    A department that was switched off is still found by its own names. Five queries, however many names.
    """
    reader = load_directory(session).reader(body_id, dated_on)
    matches = {name: reader.match(name) for name in names}
    ids = {one.department_id for one in matches.values()} | {id for one in matches.values() for id in one.likely}
    departments = _departments(session, ids - {None})
    return {
        name: FoundName(
            departments[one.department_id] if one.department_id is not None else None,
            one.rule,
            one.renamed_on,
            tuple(departments[likely] for likely in one.likely),
        )
        for name, one in matches.items()
    }


def load_directory(session: Session) -> Directory:
    """All departments with their names, and the renamings in use."""
    names: dict[int, list[str]] = {}
    query = select(DepartmentName.department_id, DepartmentName.name)
    for department_id, name in session.execute(query.order_by(DepartmentName.is_official.desc(), DepartmentName.id)):
        names.setdefault(department_id, []).append(name)
    rows = session.execute(select(Department.id, Department.path, Department.kind, Department.is_active))
    listed = [Listed(id, tuple(names[id]), path, kind, is_active) for id, path, kind, is_active in rows if id in names]
    ended = successors_of(session, [one.id for one in listed if not one.is_active])
    listed = [replace(one, successors=tuple(new.id for new in ended.get(one.id, ()))) for one in listed]
    return Directory(listed, load_renamings(session))


def _departments(session: Session, ids: Iterable[int | None]) -> Mapping[int, Department]:
    wanted = list(ids)
    if not wanted:
        return {}
    return {one.id: one for one in session.scalars(select(Department).where(Department.id.in_(wanted)))}

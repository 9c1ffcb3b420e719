"""A directory that comes in as a table: kept, shown with all that it would change, taken over.

Nothing is ever deleted: what a file does not name stays as it is. The file is kept as :class:`DirectoryUpload`, and
what it would change is worked out anew from it each time, so that nobody takes over what somebody else has changed
since. Taking over is for all rows together; while one of them has a problem, none is taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound, Stale
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import Department, DirectoryUpload, Person
from taskboard.services.actors import require_role
from taskboard.services.department_tree import lock_directory
from taskboard.services.directory_changes import Comparison, DirectoryReading
from taskboard.services.directory_department_rows import read_departments
from taskboard.services.directory_people_rows import read_people
from taskboard.services.directory_sheets import Sheet, split_rows, unread_columns
from taskboard.services.directory_snapshot import load_snapshot
from taskboard.services.directory_writing import write_directory
from taskboard.services.history import Writing


def keep_upload(
    session: Session,
    *,
    content: bytes,
    name: str,
    sheets: list[Sheet],
    parent_id: int | None,
    actor: Actor,
    now: datetime,
) -> DirectoryUpload:
    """Keep a file that was read; raises :class:`Invalid` for one without rows, and for a ``parent_id`` below which
    nothing can be put."""
    require_role(actor, Role.ADMINISTRATOR)
    if not any(sheet["rows"] for sheet in sheets):
        raise Invalid("file", "directory_rows")
    if parent_id is not None:
        parent = session.get(Department, parent_id)
        if parent is None:
            raise Invalid("parent", "unknown")
        if not parent.is_active:
            raise Invalid("parent", "department_parent_inactive")
    upload = DirectoryUpload(
        sent_by_id=actor.person_id, sent_at=now, name=name[:255], content=content, sheets=sheets, parent_id=parent_id
    )
    session.add(upload)
    session.flush()
    return upload


def get_upload(session: Session, upload_id: int, *, actor: Actor) -> DirectoryUpload:
    """The upload, for administrators; raises :class:`NotFound`."""
    require_role(actor, Role.ADMINISTRATOR)
    upload = session.get(DirectoryUpload, upload_id)
    if upload is None:
        raise NotFound()
    return upload


def list_waiting(session: Session, *, actor: Actor, limit: int = 10) -> list[tuple[DirectoryUpload, str]]:
    """The uploads that were neither taken over nor given up, the latest first, with who sent them."""
    require_role(actor, Role.ADMINISTRATOR)
    query = (
        select(DirectoryUpload, Person.name)
        .join(Person, Person.id == DirectoryUpload.sent_by_id)
        .where(DirectoryUpload.applied_at.is_(None), DirectoryUpload.given_up_at.is_(None))
        .order_by(DirectoryUpload.sent_at.desc(), DirectoryUpload.id.desc())
        .limit(limit)
    )
    return [(one, name) for one, name in session.execute(query)]


def give_up(session: Session, upload_id: int, *, actor: Actor, now: datetime) -> None:
    """Take the upload off the list of those that wait; the file stays."""
    upload = get_upload(session, upload_id, actor=actor)
    if upload.given_up_at is None and upload.applied_at is None:
        upload.given_up_at = now
        session.flush()


def settle_where_unchanged(session: Session, upload: DirectoryUpload, *, now: datetime) -> None:
    """Take an upload that would change nothing off the list of those that wait: nobody could ever confirm it."""
    reading = compare_upload(session, upload, today=local_date(now))
    if not (reading.problems or reading.added or reading.changed):
        upload.given_up_at = now
        session.flush()


def compare_upload(session: Session, upload: DirectoryUpload, *, today: date) -> DirectoryReading:
    """What the upload would change in the directory as it is now."""
    return compare_sheets(session, upload.sheets, parent_id=upload.parent_id, today=today)


def compare_sheets(
    session: Session, sheets: Sequence[Sheet], *, parent_id: int | None, today: date
) -> DirectoryReading:
    """What the tables would change; a fixed number of queries, however many rows there are."""
    return _compare(session, sheets, parent_id=parent_id, today=today).reading


def apply_upload(session: Session, upload_id: int, *, mark: str, **by: Unpack[Writing]) -> DirectoryReading:
    """Take all rows over; an upload that was taken over already changes nothing.

    Raises :class:`Stale` where the directory changed so that the file would do something else than what was shown as
    ``mark``, and :class:`Invalid` while a row has a problem.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    lock_directory(session)
    session.expire_all()
    upload = get_upload(session, upload_id, actor=by["actor"])
    if upload.applied_at is not None:
        return DirectoryReading()
    reading = apply_sheets(session, upload.sheets, parent_id=upload.parent_id, mark=mark, **by)
    upload.applied_at = by["now"]
    session.flush()
    return reading


def apply_sheets(
    session: Session, sheets: Sequence[Sheet], *, parent_id: int | None, mark: str | None, **by: Unpack[Writing]
) -> DirectoryReading:
    """Take the rows of these tables over; raises as :func:`apply_upload`. Without ``mark`` nothing was shown before."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    comparison = _compare(session, sheets, parent_id=parent_id, today=local_date(by["now"]))
    if mark is not None and comparison.reading.mark != mark:
        raise Stale(subject="directory")
    if comparison.reading.problems:
        raise Invalid("file", "directory_has_problems", count=len(comparison.reading.problems))
    write_directory(session, comparison, **by)
    return comparison.reading


def _compare(session: Session, sheets: Sequence[Sheet], *, parent_id: int | None, today: date) -> Comparison:
    known = load_snapshot(session)
    work = Comparison(known, today, parent_id)
    work.claims.update((key, owner) for owner, names in known.names.items() for key in names)
    work.reading.unread_columns += unread_columns(sheets)
    departments, people = split_rows(sheets)
    read_departments(work, departments)
    read_people(work, people)
    work.sum_up()
    return work

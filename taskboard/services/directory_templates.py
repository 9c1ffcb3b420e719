"""Directories to begin with, put into the directory like an uploaded table: shown first, then taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.department_names import match_key
from taskboard.domain.directory_templates import TEMPLATES, DirectoryTemplate, TemplateRow, rows_of
from taskboard.domain.errors import Invalid
from taskboard.domain.roles import Role
from taskboard.labels import label
from taskboard.labels.directory import DEPARTMENT_SHEET, Column
from taskboard.models import DepartmentName, DirectoryUpload
from taskboard.services.actors import require_role
from taskboard.services.directory_changes import DirectoryReading
from taskboard.services.directory_export import BETWEEN, write_csv
from taskboard.services.directory_import import apply_sheets, compare_sheets, keep_upload
from taskboard.services.directory_sheets import Sheet, sheet_of_rows
from taskboard.services.history import Writing

COLUMNS = (Column.NAME, Column.PARENT, Column.KIND, Column.LEVEL, Column.ALIASES)


def list_templates() -> list[DirectoryTemplate]:
    """The templates that come with the product, from the province down; the enterprise last."""
    return list(TEMPLATES.values())


def preview_template(
    session: Session, code: str, place: str, *, parent_id: int | None = None, today: date
) -> DirectoryReading:
    """What the template would add; departments that are there already by one of their names stay as they are.

    Raises :class:`Invalid` for a template that is unknown and a place that is none of its kind.
    """
    sheets = [_sheet(session, code, place)]
    return compare_sheets(session, sheets, parent_id=parent_id, today=today)


def apply_template(
    session: Session, code: str, place: str, *, parent_id: int | None = None, **by: Unpack[Writing]
) -> DirectoryReading:
    """Put the departments of the template into the directory, for administrators; what is there already stays.

    Raises :class:`Invalid` as :func:`preview_template`, and where the parent cannot have it.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    return apply_sheets(session, [_sheet(session, code, place)], parent_id=parent_id, mark=None, **by)


def keep_template(
    session: Session, code: str, place: str, *, parent_id: int | None = None, **by: Unpack[Writing]
) -> DirectoryUpload:
    """The template as an upload that waits for confirmation, so that its preview is that of every upload."""
    require_role(by["actor"], Role.ADMINISTRATOR)
    sheet = _sheet(session, code, place)
    content = write_csv(COLUMNS, [texts for _, texts in sheet["rows"]])
    name = f"{TEMPLATES[code].title}（{place}）.csv"
    return keep_upload(
        session,
        content=content,
        name=name,
        sheets=[sheet],
        parent_id=parent_id,
        actor=by["actor"],
        now=by["now"],
    )


def _sheet(session: Session, code: str, place: str) -> Sheet:
    template = TEMPLATES.get(code)
    if template is None:
        raise Invalid("template", "unknown")
    place = "".join(place.split())
    if not place:
        raise Invalid("place", "template_place_missing")
    if not template.fits(place):
        level = label(template.level)
        raise Invalid("place", "template_place_wrong", name=place, level=level, example=template.example)
    rows = _free_names(session, rows_of(template, place))
    return sheet_of_rows(DEPARTMENT_SHEET, COLUMNS, [_texts(row) for row in rows])


def _free_names(session: Session, rows: Sequence[TemplateRow]) -> list[TemplateRow]:
    """The rows by the names for lists, or where another place has those already, by the full ones; no name twice."""
    owned = set(session.scalars(select(DepartmentName.key)))
    is_taken = any(match_key(row.name) in owned for row in rows[1:])
    seen: set[str] = set()
    chosen = []
    for row in rows:
        uses_full = is_taken or match_key(row.full_name) in owned
        name = row.full_name if uses_full else row.name
        others = row.aliases if uses_full else (row.full_name, *row.aliases)
        key = match_key(name)
        if key in seen:
            continue
        seen.add(key)
        free = []
        for other in others:
            other_key = match_key(other)
            if other_key not in seen and other_key not in owned:
                seen.add(other_key)
                free.append(other)
        chosen.append(replace(row, name=name, aliases=tuple(free)))
    return chosen


def _texts(row: TemplateRow) -> list[str]:
    return [
        row.name,
        row.parent or "",
        label(row.kind),
        label(row.level) if row.level is not None else "",
        BETWEEN.join(row.aliases),
    ]

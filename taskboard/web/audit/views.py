"""The trail for auditors: what happened, narrowed down, whether the chain holds, and the trail as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotAllowed
from taskboard.domain.history import Subject
from taskboard.domain.jobs import JobName, JobState
from taskboard.domain.permissions import Actor, may_read_trail
from taskboard.domain.trail import Head
from taskboard.extensions import current_settings, now, read_session, transaction
from taskboard.labels.trail import ENTRANCES, entrance_words, field_words, told
from taskboard.models import JobRun
from taskboard.services import trail as chain
from taskboard.services.audit import EntryRow, Filter, Place, export_lines, list_entries, record_export
from taskboard.services.jobs import find_last_run
from taskboard.services.trail_heads import FILE_NAME, read_heads
from taskboard.web.forms import Form, clean_line, read_id
from taskboard.web.guards import current_actor
from taskboard.web.typed import plain, read_day

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

EXPORT_FORM = ".csv"


@dataclass(frozen=True)
class Difference:
    """One value of an entry that changed, in words; ``None`` where that side has no such value."""

    words: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it."""

    entry: EntryRow
    entrance: str
    differences: list[Difference]
    address: str | None
    """the page of its subject, where it has one that an auditor may open"""


@dataclass(frozen=True)
class ChainState:
    """Whether and how far the trail is chained."""

    head: chain.SealedHead | None
    waiting: str | None
    check: JobRun | None
    day: Head | None


@dataclass(frozen=True)
class Asked:
    """The filter of the address, with what could not be understood."""

    which: Filter
    problems: dict[str, str]


@blueprint.get("")
def trail() -> ResponseReturnValue:
    actor = current_actor()
    if not may_read_trail(actor):
        raise NotAllowed()
    session = read_session()
    asked = _asked(request.args)
    page = list_entries(session, asked.which, actor=actor, after=_place(request.args.get("after", "")))
    return render_template(
        "audit/trail.html",
        lines=[_line(entry) for entry in page.rows],
        next_address=_next_address(page.next_place),
        is_first="after" not in request.args,
        asked=request.args,
        is_narrowed=asked.which != Filter(),
        problems=asked.problems,
        subjects=list(Subject),
        entrances=ENTRANCES,
        state=_chain_state(session),
        form=Form(formdata=None),
    )


@blueprint.post("/export")
def export() -> ResponseReturnValue:
    actor = current_actor()
    which = _asked(request.form).which
    with transaction() as session:
        record_export(session, which, form=EXPORT_FORM, actor=actor, now=now(), entrance="web")
    name = f"trail-{now():%Y%m%d-%H%M}.csv"
    return Response(
        stream_with_context(_export(which, actor)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _export(which: Filter, actor: Actor) -> Iterator[bytes]:
    session = read_session()
    try:
        yield from export_lines(session, which, form=EXPORT_FORM, actor=actor)
    finally:
        # It is sent after the request's own session was given back.
        session.close()


def _asked(values: Mapping[str, str]) -> Asked:
    problems: dict[str, str] = {}
    subject, number = values.get("subject", ""), values.get("number", "")
    subject_id = read_id(plain(number))
    if number and subject_id is None:
        problems["number"] = "编号是一个数字。"
    entrance = values.get("entrance", "")
    which = Filter(
        person=clean_line(values.get("person"))[:80] or None,
        subject=Subject(subject) if subject in list(Subject) else None,
        subject_id=subject_id,
        first_day=_day(values, "from", problems),
        last_day=_day(values, "to", problems),
        entrance=entrance if entrance in ENTRANCES else None,
    )
    return Asked(which, problems)


def _day(values: Mapping[str, str], name: str, problems: dict[str, str]) -> date | None:
    try:
        return read_day(values.get(name))
    except ValueError as wrong:
        problems[name] = str(wrong)
        return None


def _place(text: str) -> Place | None:
    """Where the page begins; an address that was tampered with leads to the first page."""
    moment, _, number = text.partition("~")
    entry_id = read_id(number)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return Place(at, entry_id) if at.tzinfo is not None and entry_id is not None else None


def _next_address(place: Place | None) -> str | None:
    if place is None:
        return None
    values: dict[str, Any] = {**request.args.to_dict(), "after": f"{place.at.isoformat()}~{place.id}"}
    return url_for("audit.trail", **values)


def _chain_state(session: Session) -> ChainState:
    heads = read_heads(current_settings().instance_dir / FILE_NAME).heads
    return ChainState(
        head=chain.find_head(session),
        waiting=_waiting_words(chain.count_unsealed(session, now=now())),
        check=find_last_run(session, JobName.CHECK_TRAIL, state=JobState.DONE),
        day=heads[-1] if heads else None,
    )


def _waiting_words(count: int) -> str | None:
    """``None`` where nothing waits to be sealed."""
    return f"{count:,} 条{'以上' if count >= chain.MOST_COUNTED else ''}" if count else None


def _line(entry: EntryRow) -> Line:
    is_task = entry.subject is Subject.TASK and entry.subject_name is not None
    return Line(
        entry=entry,
        entrance=entrance_words(entry.entrance),
        differences=_differences(entry),
        address=url_for("tasks.task", task_id=entry.subject_id) if is_task else None,
    )


def _differences(entry: EntryRow) -> list[Difference]:
    def words(path: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> str | None:
        return told(path, values[path], subject=entry.subject, act=entry.act) if path in values else None

    old, new = dict(_flat(entry.before or {})), dict(_flat(entry.after or {}))
    return [
        Difference(
            words=field_words(path),
            before=words(path, old),
            after=words(path, new),
        )
        for path in [*old, *(path for path in new if path not in old)]
    ]


def _flat(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    flat: list[tuple[tuple[str, ...], Any]] = []
    for name, value in values.items():
        path = (*above, name)
        flat += _flat(value, path) if isinstance(value, dict) else [(path, value)]
    return flat

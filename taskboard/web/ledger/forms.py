"""The forms of a ledger that comes back: the file, and the rows that were confirmed."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict

from taskboard.domain.errors import Stale
from taskboard.domain.terms import Terms
from taskboard.services.ledger_updates import Update
from taskboard.web.forms import Form, MaxLength, TextField, read_id

LONGEST_REASON = 1000


class LedgerFileForm(Form):
    """An exported ledger."""

    file = FileField("台账文件")


class LedgerUpdateForm(Form):
    """The reason for all confirmed rows; the rows come as :func:`updates_of` reads them."""

    reason = TextField("变更原因", [MaxLength(LONGEST_REASON)])


def update_to_text(update: Update) -> str:
    """The update as one hidden field carries it from the preview to the confirmation."""
    asked = update.asked
    return json.dumps(
        {
            "version": update.version,
            "due_on": asked.due_on.isoformat() if asked.due_on else None,
            "is_ongoing": asked.is_ongoing,
            "leads": sorted(asked.leads),
            "partners": sorted(asked.partners),
        }
    )


def updates_of(sent: MultiDict[str, str]) -> tuple[list[Update], set[int]]:
    """All updates of the page, and which of them were ticked; raises :class:`Stale` for what it never offered."""
    try:
        updates = [_update(name.removeprefix("update-"), sent[name]) for name in sent if name.startswith("update-")]
        return updates, {_id(text) for text in sent.getlist("take")}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Stale(subject="task") from None


def _update(task_id: str, text: str) -> Update:
    stored: dict[str, Any] = json.loads(text)
    asked = Terms(
        due_on=date.fromisoformat(stored["due_on"]) if stored["due_on"] else None,
        is_ongoing=stored["is_ongoing"] is True,
        leads=frozenset(_id(str(one)) for one in stored["leads"]),
        partners=frozenset(_id(str(one)) for one in stored["partners"]),
    )
    return Update(_id(task_id), _id(str(stored["version"])), asked)


def _id(text: str) -> int:
    found = read_id(text)
    if found is None:
        raise ValueError(text)
    return found

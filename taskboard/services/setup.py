"""The first set-up of an empty installation in the browser: what one browser filled in, and how one of them finishes.

Before the first account there is nobody whose permission could be asked. Whoever knows the code that stands in the
server's log or comes from the command line is taken for the one who installs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from taskboard.config import Settings
from taskboard.domain.account_links import fingerprint
from taskboard.domain.errors import NotFound
from taskboard.domain.history import Change, Subject
from taskboard.domain.local_time import local_date
from taskboard.domain.permissions import Actor, Post
from taskboard.domain.roles import Role
from taskboard.models import Department, Person, Plan, Setting, SetupDraft
from taskboard.services.bootstrap import create_administrator
from taskboard.services.department_names import find_department
from taskboard.services.directory_templates import apply_template
from taskboard.services.history import Writing, record_change
from taskboard.services.inserts import insert_where_free
from taskboard.services.paging import count_rows
from taskboard.services.people import PersonValues
from taskboard.services.posts import add_post
from taskboard.services.settings import SettingValues, store_settings

SET_UP_AT = "set_up_at"
CODE_LENGTH = 12


@dataclass(frozen=True)
class SetupOrder:
    """Everything that the set-up asks for. Without a template the directory begins with the body alone."""

    person: PersonValues
    password_hash: str
    body: str
    is_supervisor: bool
    settings: SettingValues
    template: str = ""
    place: str = ""


def is_open(session: Session) -> bool:
    """Whether there is nobody yet; with the first account, however it came, the set-up is over for good."""
    return session.scalar(select(Person.id).limit(1)) is None


def setup_code(secret_key: str) -> str:
    """The code that shows who installs: the same in every process, known to whoever reads the log or the secret key."""
    made = hmac.digest(secret_key.encode(), b"first set-up", hashlib.sha256)
    code = base64.b32encode(made).decode()[:CODE_LENGTH]
    return "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def is_setup_code(typed: str, secret_key: str) -> bool:
    """Whether this is the code, however its letters and dashes were typed."""
    given = "".join(char for char in typed.upper() if char.isascii() and char.isalnum())
    return hmac.compare_digest(given, setup_code(secret_key).replace("-", ""))


def load_answers(session: Session, key: str) -> dict[str, Any]:
    """What the browser with this key filled in so far."""
    draft = session.get(SetupDraft, fingerprint(key))
    return dict(draft.answers) if draft is not None else {}


def keep_answers(session: Session, key: str, answers: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what was filled in, over what this browser filled in before."""
    draft = session.get(SetupDraft, fingerprint(key))
    if draft is None:
        session.add(SetupDraft(fingerprint=fingerprint(key), answers=dict(answers), updated_at=now))
    else:
        draft.answers = {**draft.answers, **answers}
        draft.updated_at = now
    session.flush()


class FirstSteps(NamedTuple):
    """How far an installation has got on the way to its first document."""

    departments: int
    people: int


def first_steps(session: Session) -> FirstSteps | None:
    """What there is already; ``None`` once a document came in, for then nobody has to be told how to begin."""
    if session.scalar(select(Plan.id).limit(1)) is not None:
        return None
    return FirstSteps(count_rows(session, select(Department.id)), count_rows(session, select(Person.id)))


def finish(session: Session, order: SetupOrder, *, settings: Settings, now: datetime) -> Person:
    """Set everything up in one transaction; of several browsers the first one wins.

    Raises :class:`NotFound` for the others, and ``Invalid`` for what cannot be used.
    """
    if not is_open(session) or not insert_where_free(session, Setting, [{"name": SET_UP_AT, "value": now.isoformat()}]):
        raise NotFound()
    installer = Actor(person_id=0, name="", posts=(Post(Role.ADMINISTRATOR, 0, "/"),))
    by: Writing = {"actor": installer, "now": now, "entrance": "setup"}
    if order.template:
        apply_template(session, order.template, order.place, **by)
    today = local_date(now)
    person = create_administrator(
        session,
        order.person,
        department=order.body,
        password_hash=order.password_hash,
        today=today,
        now=now,
        entrance="setup",
    )
    if order.is_supervisor:
        body = find_department(session, order.body, field="body")
        add_post(session, person.id, role=Role.SUPERVISOR, department_id=body.id, from_on=today, **by)
    store_settings(session, order.settings, settings=settings)
    session.execute(delete(SetupDraft))
    record_change(
        session,
        subject=Subject.SETTING,
        subject_id=None,
        act=Change.SET_UP,
        after={
            "administrator": person.username,
            "body": order.body,
            "template": order.template or None,
            "place": order.place or None,
            "is_mail_set": bool(order.settings.smtp_url),
        },
        **by,
    )
    return person

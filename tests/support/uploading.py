"""One of several processes that add files to one task and take them away: it tells in the end what it did."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotFound
from taskboard.domain.permissions import Actor
from taskboard.extensions import IS_WRITING, make_sqlite_transactional
from taskboard.models import Attachment
from taskboard.services import attachment_files, attachments
from taskboard.services.attachments import Upload
from tests.support.factories import NOW


class Told(NamedTuple):
    """What one process did: ids of files that it added and took away, and how often it was refused."""

    added: list[str]
    removed: list[str]
    refused: list[str]


@dataclass(frozen=True)
class Uploader:
    """A process: who acts in it, on which assignment, where the bytes lie, and how much the plan holds."""

    name: str
    database_url: str
    folder: Path
    task_id: int
    assignment_id: int
    liaison: Actor
    plan_limit: int
    acts: int


def upload_and_remove(uploader: Uploader, told: Queue[Any]) -> None:
    """Act at random, each time in a transaction of its own; tells a :class:`Told`, or what went wrong."""
    try:
        told.put(_act_many(uploader))
    except BaseException as error:
        told.put(f"{uploader.name}: {type(error).__name__}: {error}")
        raise


def _act_many(uploader: Uploader) -> Told:
    engine = create_engine(uploader.database_url)
    if engine.dialect.name == "sqlite":
        make_sqlite_transactional(engine)
    dice = random.Random(uploader.name)
    told = Told([], [], [])
    for number in range(uploader.acts):
        act = _remove if dice.random() < 0.45 else _add
        with Session(engine) as session:
            act(session, uploader, dice, f"{uploader.name}-{number}", told)
    engine.dispose()
    return told


def _add(session: Session, uploader: Uploader, dice: random.Random, key: str, told: Told) -> None:
    content = key.encode() * dice.randint(1, 40)
    stored = attachment_files.store(uploader.folder, io.BytesIO(content), name=key, limit=2**20)
    session.connection(execution_options={IS_WRITING: True})
    try:
        attachments.add_attachments(
            session,
            uploader.task_id,
            [Upload(stored, f"{key}.txt")],
            assignment_id=uploader.assignment_id,
            plan_limit=uploader.plan_limit,
            actor=uploader.liaison,
            now=NOW,
            entrance="test",
            request_key=key,
        )
        session.commit()
    except Invalid as refusal:
        session.rollback()
        attachment_files.discard(uploader.folder, [stored])
        told.refused.append(refusal.problem)
        return
    told.added.append(stored.id)


def _remove(session: Session, uploader: Uploader, dice: random.Random, key: str, told: Told) -> None:
    """One of the two oldest files, which the others are about to take away as well."""
    oldest = session.scalars(select(Attachment.id).order_by(Attachment.name).limit(2)).all()
    session.rollback()
    if not oldest:
        return
    chosen = dice.choice(oldest)
    session.connection(execution_options={IS_WRITING: True})
    try:
        attachments.remove_attachment(
            session, chosen, actor=uploader.liaison, now=NOW, entrance="test", request_key=key
        )
        session.commit()
    except NotFound:
        session.rollback()
        told.refused.append("gone")
        return
    told.removed.append(chosen)

"""What a job is given: the day it runs for, the time, and the two ways to the database."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any

from sqlalchemy.orm import Session

from taskboard.config import Settings
from taskboard.extensions import current_clock, current_settings, read_session, transaction
from taskboard.services.jobs import BY_HAND, require_lease

Facts = Mapping[str, Any]
"""what a run did, in counts"""


def _never() -> bool:
    return False


def without_collecting(run: Callable[[JobContext], Facts]) -> Callable[[JobContext], Facts]:
    """The same job without Python's search for circles of objects while it runs.

    A job that makes some hundred thousand values makes no circles; each search would go through all of them, which is a
    fifth of the time of a morning over a million tasks.
    """

    @wraps(run)
    def wrapped(context: JobContext) -> Facts:
        was_on = gc.isenabled()
        gc.disable()
        try:
            return run(context)
        finally:
            if was_on:
                gc.enable()

    return wrapped


@dataclass(frozen=True)
class JobContext:
    """Lives within one application context. ``today`` is the day the run is for, ``now()`` the real time.

    Every transaction of a scheduled run first makes sure that its scheduler is still in charge.
    """

    today: date
    epoch: int = BY_HAND
    should_stop: Callable[[], bool] = _never

    @property
    def settings(self) -> Settings:
        return current_settings()

    def now(self) -> datetime:
        return current_clock().now()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A writing transaction; raises :class:`LeaseLost` where another process took over."""
        with transaction() as session:
            if self.epoch != BY_HAND:
                require_lease(session, self.epoch)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One view of the database, for reading; nothing stays open after it."""
        session = read_session()
        session.rollback()
        try:
            yield session
        finally:
            session.rollback()

"""Whether the database itself is sound: what administrators are told before anything is asked of its content."""

from __future__ import annotations

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from taskboard.models import SchedulerLease


def find_damage(session: Session) -> str | None:
    """What SQLite says is wrong with its file, or None; a PostgreSQL server looks after its files itself."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    words = str(session.execute(text("PRAGMA quick_check(1)")).scalar())
    return None if words == "ok" else words


def try_to_write(session: Session) -> None:
    """Write without changing anything; raises ``SQLAlchemyError`` where the database takes no writes."""
    session.execute(update(SchedulerLease).values(epoch=SchedulerLease.epoch))

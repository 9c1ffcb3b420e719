"""The database itself: whether it is sound, and what it is told about its own content."""

from __future__ import annotations

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from taskboard.models import SchedulerLease

ROWS_LOOKED_AT = 400
"""of each index; by SQLite's own advice enough for its planner, and some milliseconds however large the table is"""


def refresh_figures(session: Session) -> None:
    """Let SQLite count anew what its planner goes by; a PostgreSQL server does so by itself (autovacuum).

    Without figures it holds an index of a few unread messages for no better than one of all messages of a person.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"PRAGMA analysis_limit={ROWS_LOOKED_AT}"))
        # Made anew: a connection that is open reads the figures again only when a table has come or gone.
        session.execute(text("DROP TABLE IF EXISTS sqlite_stat1"))
        session.execute(text("ANALYZE"))


def find_damage(session: Session) -> str | None:
    """What SQLite says is wrong with its file, or None; a PostgreSQL server looks after its files itself."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    words = str(session.execute(text("PRAGMA quick_check(1)")).scalar())
    return None if words == "ok" else words


def try_to_write(session: Session) -> None:
    """Write without changing anything; raises ``SQLAlchemyError`` where the database takes no writes."""
    session.execute(update(SchedulerLease).values(epoch=SchedulerLease.epoch))

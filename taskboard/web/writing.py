"""Who changes the directory, the settings or the rules now, for the services that write it down."""

from __future__ import annotations

from taskboard.extensions import now
from taskboard.services.history import Writing
from taskboard.web.guards import current_actor

ENTRANCE = "web"


def writing() -> Writing:
    """The person at work, this moment and this entrance."""
    return {"actor": current_actor(), "now": now(), "entrance": ENTRANCE}

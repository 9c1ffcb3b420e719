"""Who may look up what in the directory of departments."""

from __future__ import annotations

from sqlalchemy.orm import Session

from taskboard.domain.errors import NotFound
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import (
    Department,
)
from taskboard.services.actors import require_role

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)


def get_department(session: Session, department_id: int, *, actor: Actor) -> Department:
    """The department, for people who may read the directory; raises :class:`NotFound`."""
    require_role(actor, *READERS)
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound()
    return department

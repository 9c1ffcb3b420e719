"""Who may look up what in the directory of departments and people: the one place that says so.

Administrators see everything. Supervisors see all but what lies below a supervising body of other people's, and of that
the departments that have a part in a task of theirs.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, not_, or_, select, true
from sqlalchemy.orm import Session, aliased

from taskboard.domain.errors import NotFound
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.models import Assignment, Department, Person, PersonPost, Task
from taskboard.services.actors import require_role

READERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)


def in_sight(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Whether a department exists for this person in the directory; raises :class:`NotAllowed` for who reads none."""
    require_role(actor, *READERS)
    if actor.is_administrator:
        return true()
    own = [post.path for post in actor.posts if post.role is Role.SUPERVISOR]
    bodies = session.scalars(
        select(Department.path)
        .distinct()
        .join(PersonPost, PersonPost.department_id == Department.id)
        .where(PersonPost.role == Role.SUPERVISOR)
    )
    # A body above one's own is no other place: what lies between belongs to both.
    others = [path for path in bodies if not any(path.startswith(one) or one.startswith(path) for one in own)]
    if not others:
        return true()
    body = aliased(Department)
    charged = (
        select(Assignment.department_id)
        .join(Task, Task.id == Assignment.task_id)
        .join(body, body.id == Task.body_id)
        .where(or_(*(body.path.startswith(path) for path in own)))
    )
    elsewhere = or_(*(Department.path.startswith(path) for path in others))
    return or_(not_(elsewhere), Department.id.in_(charged))


def people_in_sight(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Whether a person exists for this one: whoever has or had a post at a department in sight, or has none."""
    if actor.is_administrator:
        return true()
    post = aliased(PersonPost)
    seen = (
        select(PersonPost.person_id)
        .join(Department, Department.id == PersonPost.department_id)
        .where(in_sight(session, actor))
    )
    return or_(Person.id.in_(seen), ~exists().where(post.person_id == Person.id))


def get_department(session: Session, department_id: int, *, actor: Actor) -> Department:
    """The department, for people who may read the directory; raises :class:`NotFound`."""
    seen = in_sight(session, actor)
    department = session.scalars(select(Department).where(Department.id == department_id, seen)).one_or_none()
    if department is None:
        raise NotFound()
    return department

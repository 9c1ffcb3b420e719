"""Who may do what to which task: the one table every page, list, mail and export asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from taskboard.domain.errors import NotAllowed, NotNow
from taskboard.domain.orders import ORDER_MOVES, OrderAct, OrderState, order_move
from taskboard.domain.roles import Role
from taskboard.domain.workflow import (
    ASSIGNMENT_MOVES,
    OPEN_ASSIGNMENT,
    OPEN_TASK,
    OWING,
    ROLE_OF_PARTY,
    TASK_MOVES,
    UNDER_WAY,
    Act,
    AssignmentRole,
    AssignmentState,
    Move,
    Party,
    TaskState,
    assignment_move,
    task_move,
)


@dataclass(frozen=True)
class Post:
    """A role at a department; ``path`` is the department's place in the tree (``/1/7/``).

    ``is_stand_in`` marks a post that falls to this person because the department itself has nobody in that role.
    """

    role: Role
    department_id: int
    path: str
    is_stand_in: bool = False


@dataclass(frozen=True)
class Portfolio:
    """What a leader watches over: places in the tree with all below them, and plans with all their tasks."""

    paths: tuple[str, ...] = ()
    plan_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Actor:
    """The person who acts, with the posts they hold today.

    ``portfolio`` is what the administrator set for a leader. Without one, a leader watches over the place of the post.
    """

    person_id: int
    name: str
    posts: tuple[Post, ...] = ()
    portfolio: Portfolio | None = None

    def holds(self, role: Role, department_id: int | None = None) -> bool:
        return any(post.role is role and department_id in (None, post.department_id) for post in self.posts)

    def supervises(self, path: str) -> bool:
        """Whether the place in the tree lies at or below a body where this person is supervisor."""
        return any(post.role is Role.SUPERVISOR and path.startswith(post.path) for post in self.posts)

    @property
    def overseen_paths(self) -> frozenset[str]:
        """The places at and below which this person sees every task that is not a draft."""
        by_post = {post.path for post in self.posts if post.role in OVERSEEING and not self._is_led_by_list(post)}
        return frozenset(by_post.union(*(self._list.paths for post in self.posts if self._is_led_by_list(post))))

    @property
    def overseen_plans(self) -> frozenset[int]:
        """The plans of which this person sees every task that is not a draft."""
        return self._list.plan_ids if any(self._is_led_by_list(post) for post in self.posts) else frozenset()

    def leads_over(self, place: str, plan_id: int) -> bool:
        """Whether this person, as a leader, watches over the place in the tree or over the plan."""
        for post in self.posts:
            if post.role is Role.LEADER:
                paths = self._list.paths if self._is_led_by_list(post) else (post.path,)
                if any(place.startswith(path) for path in paths):
                    return True
        return self.holds(Role.LEADER) and plan_id in self._list.plan_ids

    @property
    def _list(self) -> Portfolio:
        return self.portfolio or Portfolio()

    def _is_led_by_list(self, post: Post) -> bool:
        return post.role is Role.LEADER and self.portfolio is not None

    @property
    def is_administrator(self) -> bool:
        return self.holds(Role.ADMINISTRATOR)

    @property
    def only_administers(self) -> bool:
        """Whether every post is that of an administrator: somebody who keeps the system and has no tasks to see."""
        return bool(self.posts) and all(post.role is Role.ADMINISTRATOR for post in self.posts)

    @property
    def is_supervisor(self) -> bool:
        return self.holds(Role.SUPERVISOR)


OVERSEEING = frozenset({Role.SUPERVISOR, Role.LEADER, Role.AUDITOR})
"""roles that see everything at and below their department"""
DEPARTMENT_WIDE = frozenset({Role.HEAD, Role.LIAISON})
"""roles that see all assignments of their own department; an officer sees what is dispatched to them"""


TOPMOST = 2
"""slashes in the path of a department without one above it: ``/1/``"""


@dataclass(frozen=True)
class AssignmentSituation:
    """What permissions need to know of an assignment.

    ``vacant`` are the roles that nobody holds here or at the parent department: the supervisors act in their place.
    """

    id: int
    department_id: int
    department_path: str
    role: AssignmentRole
    state: AssignmentState
    officer_id: int | None = None
    submitted_by_id: int | None = None
    vacant: frozenset[Role] = frozenset()
    asks_extension: bool = False
    """its department asked for more time, and nobody decided yet"""


@dataclass(frozen=True)
class TaskSituation:
    """What permissions need to know of a task; ``body_path`` is the place of the body that supervises it.

    Of a sub-task ``lineage`` are the assignments it came from, the one that was split first and those above it after,
    and ``parent_state`` is the state of the task above.
    """

    state: TaskState
    body_path: str
    assignments: tuple[AssignmentSituation, ...] = ()
    is_archived: bool = False
    plan_id: int = 0
    lineage: tuple[AssignmentSituation, ...] = ()
    parent_state: TaskState | None = None


def supervises_task(actor: Actor, task: TaskSituation) -> bool:
    """Whether this person decides about the task: a supervisor of its body.

    Of a sub-task it is who speaks for the department that split its part of the task above; supervisors stand in
    where nobody does.
    """
    if not task.lineage:
        return actor.supervises(task.body_path)
    part = task.lineage[0]
    return answers_for(actor, part.department_id, task.body_path, part.vacant)


def may_see_task(actor: Actor, task: TaskSituation) -> bool:
    """Whether the task exists for this person; a draft exists for its supervisors only.

    Sub-tasks exist for who works on the parts they came from, too, and not for the other departments of those tasks.
    """
    if supervises_task(actor, task):
        return True
    if task.state is TaskState.DRAFT:
        return False
    if task.plan_id in actor.overseen_plans or _oversees(actor, task.body_path):
        return True
    if any(holds_assignment(actor, part) for part in task.lineage):
        return True
    return any(_oversees(actor, one.department_path) or holds_assignment(actor, one) for one in task.assignments)


def _oversees(actor: Actor, place: str) -> bool:
    return any(place.startswith(path) for path in actor.overseen_paths)


ATTACHABLE = frozenset({AssignmentState.PENDING, AssignmentState.IN_PROGRESS, AssignmentState.HEAD_REVIEW})
"""a department's files come and go until it submitted; then they are what the reviewers look at"""


def may_attach(actor: Actor, task: TaskSituation, assignment: AssignmentSituation | None = None) -> bool:
    """Whether this person may add files to the task, or to one assignment, and take them away again."""
    if task.state not in OPEN_TASK:
        return False
    if assignment is None:
        return supervises_task(actor, task)
    return assignment.state in ATTACHABLE and holds_assignment(actor, assignment)


def places_for_files(actor: Actor, task: TaskSituation) -> frozenset[int | None]:
    """The assignments to which this person may add files, ``None`` among them for the task itself."""
    places: list[AssignmentSituation | None] = [None, *task.assignments]
    return frozenset(one.id if one else None for one in places if may_attach(actor, task, one))


ORDER_PARTIES: Mapping[OrderAct, frozenset[Party]] = {
    OrderAct.REPLY: frozenset({Party.HEAD, Party.LIAISON}),
    OrderAct.RETURN_REPLY: frozenset({Party.SUPERVISOR}),
    OrderAct.SETTLE: frozenset({Party.SUPERVISOR}),
    OrderAct.WITHDRAW_ORDER: frozenset({Party.SUPERVISOR}),
}


def may_order(actor: Actor, task: TaskSituation) -> bool:
    """Whether this person may send formal orders about the task to its departments.

    They are documents of the supervising body, about its own tasks: a department does not issue them on its sub-tasks.
    """
    return task.state in UNDER_WAY and not task.lineage and actor.supervises(task.body_path)


def may_name_liaison(actor: Actor, department_id: int, path: str) -> bool:
    """Whether this person may say who is liaison of a department: its head, the supervisors above, administrators."""
    return actor.is_administrator or actor.holds(Role.HEAD, department_id) or actor.supervises(path)


def may_enter_absence(actor: Actor, person_id: int, departments: Collection[int]) -> bool:
    """Whether this person may say when somebody is away: their own, as head of one of their departments, as
    administrator."""
    if actor.person_id == person_id or actor.is_administrator:
        return True
    return any(actor.holds(Role.HEAD, one) for one in departments)


def may_urge(actor: Actor, task: TaskSituation) -> bool:
    """Whether this person may remind the task's departments of what they owe."""
    return task.state in UNDER_WAY and supervises_task(actor, task)


def acts_on_order(
    actor: Actor, task: TaskSituation, assignment: AssignmentSituation, state: OrderState
) -> frozenset[OrderAct]:
    """What this person may do to an order of this state; a task that ended leaves its orders as they are."""
    if task.state not in OPEN_TASK:
        return frozenset()
    capacities = parties(actor, task, assignment)
    return frozenset(act for (one, act) in ORDER_MOVES if one is state and ORDER_PARTIES[act] & capacities)


def permitted_order_move(
    actor: Actor, task: TaskSituation, assignment: AssignmentSituation, state: OrderState, act: OrderAct
) -> OrderState:
    """Where the act leads; raises :class:`NotAllowed` or :class:`NotNow` as for a task."""
    if not ORDER_PARTIES[act] & parties(actor, task, assignment):
        raise NotAllowed(act=act)
    if task.state not in OPEN_TASK:
        raise NotNow(act=act, state=task.state)
    return order_move(state, act)


def may_instruct(actor: Actor, task: TaskSituation) -> bool:
    """Whether this person may write an instruction about the task: a leader who watches over it while it is open.

    What a leader says about a sub-task belongs to the task above it.
    """
    if task.lineage:
        return False
    places = (task.body_path, *(one.department_path for one in task.assignments))
    return task.state in OPEN_TASK and any(actor.leads_over(place, task.plan_id) for place in places)


def answers_for(actor: Actor, department_id: int, body_path: str, vacant: frozenset[Role]) -> bool:
    """Whether this person replies in the name of a department: its head or liaison, else the supervisors.

    ``vacant`` are the roles that nobody holds there or at the parent department.
    """
    if any(actor.holds(role, department_id) for role in DEPARTMENT_WIDE):
        return True
    return vacant >= DEPARTMENT_WIDE and actor.supervises(body_path)


def may_read_trail(actor: Actor) -> bool:
    """The trail is for auditors; who administers the system is among those it is about."""
    return actor.holds(Role.AUDITOR)


def reads_whole_trail(actor: Actor) -> bool:
    """An auditor of the topmost department reads everything, one further below what concerns the tasks in sight."""
    return any(post.role is Role.AUDITOR and post.path.count("/") == TOPMOST for post in actor.posts)


def holds_assignment(actor: Actor, assignment: AssignmentSituation) -> bool:
    """Whether this person works on the assignment: head or liaison of its department, or its officer."""
    if assignment.officer_id == actor.person_id and actor.holds(Role.OFFICER, assignment.department_id):
        return True
    return any(actor.holds(role, assignment.department_id) for role in DEPARTMENT_WIDE)


def parties(actor: Actor, task: TaskSituation, assignment: AssignmentSituation | None = None) -> frozenset[Party]:
    """In which capacities this person may act on the task, or on one assignment of it."""
    found: set[Party] = set()
    if supervises_task(actor, task):
        found.add(Party.SUPERVISOR)
    if assignment is None:
        return frozenset(found)
    if actor.holds(Role.HEAD, assignment.department_id):
        found.add(Party.HEAD)
    if actor.holds(Role.LIAISON, assignment.department_id):
        found.add(Party.LIAISON)
    if assignment.officer_id == actor.person_id and actor.holds(Role.OFFICER, assignment.department_id):
        found.add(Party.OFFICER)
    if assignment.role is AssignmentRole.PARTNER and _speaks_for_a_lead(actor, task):
        found.add(Party.LEAD)
    works_here = bool(found & {Party.HEAD, Party.LIAISON, Party.OFFICER})
    stands_in = Party.SUPERVISOR in found and assignment.vacant >= DEPARTMENT_WIDE
    if assignment.submitted_by_id == actor.person_id and (works_here or stands_in):
        found.add(Party.SUBMITTER)
    return frozenset(found)


def _speaks_for_a_lead(actor: Actor, task: TaskSituation) -> bool:
    """Whether this person is head or liaison of a lead, or supervises a task whose leads all have neither."""
    leads = [
        one
        for one in task.assignments
        if one.role is AssignmentRole.LEAD and one.state is not AssignmentState.WITHDRAWN
    ]
    if any(actor.holds(role, one.department_id) for one in leads for role in DEPARTMENT_WIDE):
        return True
    return bool(leads) and all(one.vacant >= DEPARTMENT_WIDE for one in leads) and supervises_task(actor, task)


def _allows(move: Move[AssignmentState], capacities: frozenset[Party], assignment: AssignmentSituation) -> bool:
    """Whether one of the capacities is asked for, or a supervisor stands in because nobody holds a post that is.

    What a colleague in post can do does not wait for anybody: then the supervisor has no hand in it.
    """
    if move.by & capacities:
        return True
    if move.asks_supervisors:
        return False
    posts = {ROLE_OF_PARTY[party] for party in move.by & {Party.HEAD, Party.LIAISON}}
    return Party.SUPERVISOR in capacities and bool(posts) and posts <= assignment.vacant


def stands_in(actor: Actor, task: TaskSituation, assignment: AssignmentSituation, act: Act) -> bool:
    """Whether this person does a department's act (代) because it has nobody of its own for it.

    They hold the post at the parent department, or are the supervisor to whom it falls at last.
    """
    move = ASSIGNMENT_MOVES.get((assignment.state, act))
    if move is None or not move.by & {Party.HEAD, Party.LIAISON}:
        return False
    capacities = parties(actor, task, assignment)
    if move.by & capacities & {Party.SUPERVISOR, Party.OFFICER, Party.SUBMITTER}:
        return False
    roles = {ROLE_OF_PARTY[party] for party in move.by & {Party.HEAD, Party.LIAISON}}
    held = [post for post in actor.posts if post.role in roles and post.department_id == assignment.department_id]
    return all(post.is_stand_in for post in held) if held else _allows(move, capacities, assignment)


def may_sign_off(actor: Actor, task: TaskSituation, assignment: AssignmentSituation) -> bool:
    """Whether this person's own submission needs no second signature: the head, or who stands in for a missing one."""
    move = ASSIGNMENT_MOVES[AssignmentState.HEAD_REVIEW, Act.SIGN_OFF]
    return _allows(move, parties(actor, task, assignment), assignment)


def acts_on_task(actor: Actor, task: TaskSituation) -> frozenset[Act]:
    """The acts on the task that its state and this person allow."""
    capacities = parties(actor, task)
    return frozenset(
        act
        for (state, act), move in TASK_MOVES.items()
        if state is task.state and move.by & capacities and _fits_archive(task, act) and _fits_parent(task, act)
    )


def _fits_archive(task: TaskSituation, act: Act) -> bool:
    """What lies in the archive is taken out before anything else is done to it."""
    return (act is Act.UNARCHIVE) is task.is_archived


def _fits_parent(task: TaskSituation, act: Act) -> bool:
    """A sub-task goes on with the part it came from: not while that one rests, nor after it was delivered."""
    if not task.lineage or act not in (Act.RESUME, Act.REOPEN):
        return True
    part = task.lineage[0]
    may_go_on = OPEN_ASSIGNMENT - {AssignmentState.OBJECTED} if act is Act.RESUME else OWING
    return task.parent_state in UNDER_WAY and part.state in may_go_on


WORKABLE = frozenset({TaskState.ISSUED, TaskState.IN_PROGRESS, TaskState.SUBMITTED})


def acts_on_assignment(actor: Actor, task: TaskSituation, assignment: AssignmentSituation) -> frozenset[Act]:
    """The acts on the assignment that its state, its task's state and this person allow."""
    if task.state not in WORKABLE:
        return frozenset()
    capacities = parties(actor, task, assignment)
    return frozenset(
        act
        for (state, act), move in ASSIGNMENT_MOVES.items()
        if state is assignment.state and _allows(move, capacities, assignment) and _has_subject(assignment, act)
    )


def _has_subject(assignment: AssignmentSituation, act: Act) -> bool:
    """A request that nobody made cannot be decided, and a task's progress is planned by its leads."""
    if act is Act.PLAN_PROGRESS:
        return assignment.role is AssignmentRole.LEAD
    return assignment.asks_extension or act not in (Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION)


def permitted_task_move(actor: Actor, task: TaskSituation, act: Act) -> Move[TaskState]:
    """The row of the table by which this person may do this now.

    Raises :class:`NotAllowed` where the act is not theirs in any state, :class:`NotNow` where the state forbids it.
    """
    capacities = parties(actor, task)
    if not any(move.by & capacities for (_, one), move in TASK_MOVES.items() if one is act):
        raise NotAllowed(act=act)
    move = task_move(task.state, act)
    if not move.by & capacities:
        raise NotAllowed(act=act)
    if not _fits_archive(task, act):
        raise NotNow(act=act, state=task.state, is_archived=task.is_archived)
    if not _fits_parent(task, act):
        raise NotNow(act=act, state=task.state, waits_for_parent=True)
    return move


def permitted_assignment_move(
    actor: Actor, task: TaskSituation, assignment: AssignmentSituation, act: Act
) -> Move[AssignmentState]:
    """The row of the table by which this person may do this to the assignment now; raises as for a task."""
    capacities = parties(actor, task, assignment)
    if not any(_allows(move, capacities, assignment) for (_, one), move in ASSIGNMENT_MOVES.items() if one is act):
        raise NotAllowed(act=act)
    if task.state not in WORKABLE:
        raise NotNow(act=act, state=task.state)
    move = assignment_move(assignment.state, act)
    if not _allows(move, capacities, assignment):
        raise NotAllowed(act=act)
    if not _has_subject(assignment, act):
        raise NotNow(act=act, state=assignment.state)
    return move

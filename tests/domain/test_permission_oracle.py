"""The table of permissions against an oracle that was written from the model of the domain, and from nothing else.

The oracle knows whom the model names for each act. Where the model leaves something open it follows the product, at
these places only: a head may do what the liaison may; who asks for more time has acknowledged; work is split by who has
begun it. By ADR 12 nobody asks themselves for more time or a relief, and what lies in the archive is taken out first.
By the decision on sub-tasks their supervisors are who speaks for the department that split its part, and they go on
only with that part. Who draws a trajectory or sets a light by hand the model does not say, so the oracle is not asked.
"""

from __future__ import annotations

import random
from collections import Counter

from taskboard.domain.permissions import (
    Actor,
    AssignmentSituation,
    Portfolio,
    Post,
    TaskSituation,
    acts_on_assignment,
    acts_on_task,
    may_see_task,
)
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act, AssignmentRole, AssignmentState, TaskState

NOT_IN_THE_MODEL = {Act.PLAN_PROGRESS, Act.SET_RED, Act.LIFT_RED}
SITUATIONS = 5_000

UNDER_WAY = "issued in_progress submitted"
TASK_ACTS = {
    "issue": "draft",
    "return": "submitted",
    "close": "submitted",
    "suspend": "in_progress",
    "resume": "suspended",
    "terminate": f"{UNDER_WAY} suspended",
    "reopen": "closed",
    "correct": f"draft {UNDER_WAY} suspended",
    "archive": "closed terminated",
    "unarchive": "closed terminated",
}
OPEN = "pending in_progress head_review submitted objected"
BRANCH_ACTS = {
    "acknowledge": ("pending", "head liaison"),
    "dispatch": ("pending in_progress", "head liaison"),
    "object": ("pending in_progress", "head"),
    "refuse_objection": ("objected", "supervisor"),
    "uphold_objection": ("objected", "supervisor"),
    "ask_extension": ("in_progress head_review", "head"),
    "grant_extension": (OPEN, "supervisor"),
    "refuse_extension": (OPEN, "supervisor"),
    "bring_forward": ("pending in_progress head_review", "lead"),
    "decompose": ("in_progress", "head liaison"),
    "report": ("in_progress", "head liaison officer"),
    "submit": ("in_progress", "head liaison officer"),
    "sign_off": ("head_review", "head"),
    "return_inside": ("head_review", "head"),
    "withdraw": ("head_review submitted", "submitter"),
    "return_submission": ("submitted", "lead"),
    "accept_submission": ("submitted", "lead"),
}


def held_at(actor: Actor, department_id: int) -> set[str]:
    return {post.role.value for post in actor.posts if post.department_id == department_id}


def expects_sight(actor: Actor, task: TaskSituation) -> bool:
    places = [task.body_path, *(one.department_path for one in task.assignments)]
    if decides(actor, task):
        return True
    for post in actor.posts:
        listed = actor.portfolio if post.role is Role.LEADER else None
        watched = listed.paths if listed else (post.path,)
        oversees = post.role in (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR)
        in_sight = oversees and any(place.startswith(path) for place in places for path in watched)
        if task.state is not TaskState.DRAFT and (in_sight or (listed and task.plan_id in listed.plan_ids)):
            return True
    concerned = (*task.assignments, *task.lineage)
    return task.state is not TaskState.DRAFT and any(works_on(actor, one) for one in concerned)


def decides(actor: Actor, task: TaskSituation) -> bool:
    supervises = any(post.role is Role.SUPERVISOR and task.body_path.startswith(post.path) for post in actor.posts)
    if not task.lineage:
        return supervises
    split = task.lineage[0]
    nobody_there = {role.value for role in split.vacant} == {"head", "liaison"}
    return bool(held_at(actor, split.department_id) & {"head", "liaison"}) or (supervises and nobody_there)


def works_on(actor: Actor, one: AssignmentSituation) -> set[str]:
    held = held_at(actor, one.department_id) & {"head", "liaison", "officer"}
    return held if one.officer_id == actor.person_id else held - {"officer"}


def expects_act(actor: Actor, task: TaskSituation, one: AssignmentSituation | None, act: str) -> bool:
    supervises = decides(actor, task)
    if one is None:
        fits_archive = task.is_archived == (act == "unarchive") and goes_on(task, act)
        return supervises and fits_archive and task.state.value in TASK_ACTS.get(act, "").split()
    states, by = (part.split() for part in BRANCH_ACTS.get(act, ("", "")))
    if task.state.value not in UNDER_WAY.split() or one.state.value not in states:
        return False
    if act in ("grant_extension", "refuse_extension") and not one.asks_extension:
        return False
    who = works_on(actor, one)
    if who and one.submitted_by_id == actor.person_id:
        who = who | {"submitter"}
    leads = [lead for lead in task.assignments if lead.role.value == "lead" and lead.state.value != "withdrawn"]
    led = any(held_at(actor, lead.department_id) & {"head", "liaison"} for lead in leads)
    leaderless = bool(leads) and all(len(lead.vacant) == 2 for lead in leads)
    if one.role.value == "partner" and (led or (leaderless and supervises)):
        who = who | {"lead"}
    if supervises and len(one.vacant) == 2 and one.submitted_by_id == actor.person_id:
        who = who | {"submitter"}
    if supervises:
        missing = {role for role in by if role in ("head", "liaison")}
        stands_in = missing <= {role.value for role in one.vacant} and act not in ("object", "ask_extension")
        who = who | {"supervisor"} | (missing if stands_in else set())
    return bool(who & set(by))


def goes_on(task: TaskSituation, act: str) -> bool:
    if not task.lineage or act not in ("resume", "reopen"):
        return True
    rests = {"resume": "objected accepted withdrawn waived not_submitted"}
    rests["reopen"] = rests["resume"] + " submitted"
    above = task.parent_state.value if task.parent_state else ""
    return above in UNDER_WAY.split() and task.lineage[0].state.value not in rests[act].split()


# Random situations

UNDER_WAY_STATES = (TaskState.ISSUED, TaskState.IN_PROGRESS, TaskState.SUBMITTED)
PLACES = {1: "/1/", 2: "/1/2/", 3: "/1/3/", 5: "/1/2/5/", 22: "/1/22/", 9: "/9/", 10: "/9/10/"}
ACTOR_ID = 7


def some_situation(dice: random.Random) -> tuple[Actor, TaskSituation]:
    """An actor with up to three posts before a task with up to four branches, many within each other's reach."""
    near = dice.sample(sorted(PLACES), 4)
    posts = []
    for _ in range(dice.choice([0, 1, 1, 1, 2, 3])):
        role, place = dice.choice(list(Role)), dice.choice([*near, 1])
        is_stand_in = role in (Role.HEAD, Role.LIAISON) and dice.random() < 0.3
        posts.append(Post(role, place, PLACES[place], is_stand_in))
    listed = Portfolio(
        tuple(PLACES[one] for one in dice.sample(near, dice.randint(0, 2))), frozenset({dice.choice([5, 6])})
    )
    actor = Actor(ACTOR_ID, "somebody", tuple(posts), listed if dice.random() < 0.4 else None)
    state = dice.choice(
        [*TaskState, TaskState.IN_PROGRESS, TaskState.IN_PROGRESS, TaskState.SUBMITTED, TaskState.CLOSED]
    )
    body = dice.choice([1, 1, *near])
    branches = tuple(
        some_branch(dice, number, place, actor)
        for number, place in enumerate(dice.sample(near, dice.randint(0, 4)), start=1)
    )
    ended = state in (TaskState.CLOSED, TaskState.TERMINATED)
    lineage: tuple[AssignmentSituation, ...] = ()
    if dice.random() < 0.3:
        above = dice.sample(sorted(PLACES), dice.randint(1, 2))
        lineage = tuple(some_branch(dice, 20 + number, place, actor) for number, place in enumerate(above))
    situation = TaskSituation(
        state,
        PLACES[body],
        branches,
        ended and dice.random() < 0.5,
        dice.choice([5, 6, 7]),
        lineage,
        dice.choice([*UNDER_WAY_STATES, *TaskState]) if lineage else None,
    )
    return actor, situation


def some_branch(dice: random.Random, number: int, place: int, actor: Actor) -> AssignmentSituation:
    vacant = {role for role in (Role.HEAD, Role.LIAISON) if dice.random() < 0.4}
    return AssignmentSituation(
        id=number,
        department_id=place,
        department_path=PLACES[place],
        role=AssignmentRole.LEAD if number == 1 or dice.random() < 0.2 else AssignmentRole.PARTNER,
        state=dice.choice(list(AssignmentState)),
        officer_id=dice.choice([ACTOR_ID, 8, None]),
        submitted_by_id=dice.choice([ACTOR_ID, 8, None]),
        vacant=frozenset(role for role in vacant if not actor.holds(role, place)),
        asks_extension=dice.random() < 0.4,
    )


def test_permissions_and_the_oracle_agree_on_five_thousand_situations() -> None:
    dice = random.Random(20261122)
    asked: Counter[tuple[str, bool]] = Counter()
    different = []
    for _ in range(SITUATIONS):
        actor, task = some_situation(dice)
        sight = expects_sight(actor, task)
        asked["sight", sight] += 1
        if may_see_task(actor, task) != sight:
            different.append(("sight", sight, actor, task))
        for one in (None, *task.assignments):
            allowed = acts_on_assignment(actor, task, one) if one else acts_on_task(actor, task)
            for act in set(Act) - NOT_IN_THE_MODEL:
                expected = expects_act(actor, task, one, act.value)
                asked[act.value, expected] += 1
                if (act in allowed) != expected:
                    different.append((act.value, expected, actor, task, one))

    assert not different, (len(different), different[:2])
    names = [*TASK_ACTS, *BRANCH_ACTS, "sight"]
    assert set(names) == {"sight", *(act.value for act in set(Act) - NOT_IN_THE_MODEL)}
    assert min(asked[name, answer] for name in names for answer in (True, False)) >= 10, asked


def test_nobody_acts_on_a_task_that_they_do_not_see() -> None:
    dice = random.Random(3)
    for _ in range(1_000):
        actor, task = some_situation(dice)
        if not may_see_task(actor, task):
            assert not acts_on_task(actor, task)
            assert not any(acts_on_assignment(actor, task, one) for one in task.assignments)

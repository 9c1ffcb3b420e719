"""What becomes of one branch: it goes back to work, or it ends."""

from __future__ import annotations

from datetime import datetime

from taskboard.domain.workflow import AssignmentState
from taskboard.models import Assignment


def reopen_branch(assignment: Assignment) -> None:
    """Back to work; what was submitted stays in the history."""
    assignment.state = AssignmentState.IN_PROGRESS
    assignment.submitted_at = assignment.accepted_at = None
    assignment.submitted_by_id = None


def end_branch(assignment: Assignment, state: AssignmentState, now: datetime) -> None:
    """Let it end so; one that ends accepted keeps the moment."""
    if state is AssignmentState.ACCEPTED and assignment.state is not AssignmentState.ACCEPTED:
        assignment.accepted_at = now
    assignment.state = state

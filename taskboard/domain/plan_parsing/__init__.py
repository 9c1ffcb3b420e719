"""From blocks of text to a plan: the outline is understood as a tree first, then clauses attach to it."""

from taskboard.domain.plan_parsing.as_dict import reading_to_dict
from taskboard.domain.plan_parsing.parse import parse_plan

__all__ = ["parse_plan", "reading_to_dict"]

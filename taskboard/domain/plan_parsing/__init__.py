"""From blocks of text to a plan: the outline is understood as a tree first, then clauses attach to it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskboard.domain.plan_parsing.as_dict import reading_to_dict
    from taskboard.domain.plan_parsing.parse import parse_plan

__all__ = ["parse_plan", "reading_to_dict"]


def __getattr__(name: str) -> Any:
    # Loading all patterns takes longer than reading most documents, and readers need only ``blocks``.
    if name == "parse_plan":
        from taskboard.domain.plan_parsing.parse import parse_plan  # noqa: PLC0415 - see above

        return parse_plan
    if name == "reading_to_dict":
        from taskboard.domain.plan_parsing.as_dict import reading_to_dict  # noqa: PLC0415 - see above

        return reading_to_dict
    raise AttributeError(name)

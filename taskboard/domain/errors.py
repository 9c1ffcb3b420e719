"""What can go wrong by a person's doing: a stable code and facts; the wording is made at each entrance."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """Base of all refusals. ``code`` names the wording, ``facts`` fill it in."""

    code: ClassVar[str] = "refused"

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class NotFound(DomainError):
    """It does not exist, or not for this person: the two look the same from outside."""

    code = "not_found"


class NotAllowed(DomainError):
    """The person may see it but not do this."""

    code = "not_allowed"


class NotNow(DomainError):
    """The state does not allow this act (any more)."""

    code = "not_now"


class Stale(DomainError):
    """Somebody else changed it meanwhile; ``facts`` hold what stands there now."""

    code = "stale"


class Invalid(DomainError):
    """A value breaks a rule. ``field`` names the form field, ``problem`` the rule's code."""

    code = "invalid"

    def __init__(self, field: str, problem: str, **facts: Any) -> None:
        super().__init__(field=field, problem=problem, **facts)
        self.field = field
        self.problem = problem

"""The terms of a task that supervisors may correct: its deadline, its lead departments and its partners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

FINGERPRINT_LENGTH = 10


class Term(StrEnum):
    """One of the terms, where they are compared or chosen one by one."""

    DEADLINE = "deadline"
    LEAD = "lead"
    PARTNERS = "partners"


@dataclass(frozen=True)
class Terms:
    """Deadline and departments, by their ids; in which order the departments stand makes no difference."""

    due_on: date | None
    is_ongoing: bool
    leads: frozenset[int]
    partners: frozenset[int]

    def differences(self, other: Terms) -> tuple[Term, ...]:
        """Which of the terms are not the same on both sides."""
        pairs = {
            Term.DEADLINE: ((self.due_on, self.is_ongoing), (other.due_on, other.is_ongoing)),
            Term.LEAD: (self.leads, other.leads),
            Term.PARTNERS: (self.partners, other.partners),
        }
        return tuple(term for term, (mine, theirs) in pairs.items() if mine != theirs)


def fingerprint(task_id: int, terms: Terms) -> str:
    """By which an exported row shows later what stood in it, whatever was changed in the file or in the system since.

    It tells apart who changed a term, the file or the system; it is no protection against forgery and needs none:
    what a file asks for goes through the same checks as a form.
    """
    parts = (
        str(task_id),
        terms.due_on.isoformat() if terms.due_on else "",
        str(terms.is_ongoing),
        ",".join(map(str, sorted(terms.leads))),
        ",".join(map(str, sorted(terms.partners))),
    )
    return sha256("|".join(parts).encode()).hexdigest()[:FINGERPRINT_LENGTH]

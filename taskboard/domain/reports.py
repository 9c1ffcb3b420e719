"""When two reports say the same: a cosmetic edit is not progress."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

COSMETIC = ("P", "Z", "C")
"""categories of characters that make no difference: punctuation, blanks, control characters"""


@dataclass(frozen=True)
class Said:
    """What a report says. ``percent`` is ``None`` where it was left as it stood; ``figures`` are by target."""

    done: str = ""
    problems: str = ""
    next_step: str = ""
    help_needed: str = ""
    percent: int | None = None
    figures: Mapping[int, float] = field(default_factory=dict)


def says_the_same(new: Said, last: Said, *, percent: int | None) -> bool:
    """Whether ``new`` tells nothing that ``last`` did not; ``percent`` is where the assignment stands.

    Width, blanks and punctuation do not count, and neither does a figure or percent that is left out.
    """
    if new.percent not in (None, percent):
        return False
    if any(last.figures.get(target) != value for target, value in new.figures.items()):
        return False
    return _words(new) == _words(last)


def _words(said: Said) -> list[str]:
    return [_bare(text) for text in (said.done, said.problems, said.next_step, said.help_needed)]


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in COSMETIC)

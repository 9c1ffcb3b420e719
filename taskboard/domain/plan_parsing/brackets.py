"""Brackets: where they open and close, and how to split a text only outside of them."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

PAIRS = {"(": ")", "[": "]", "《": "》", "“": "”"}
CLOSERS = {closer: opener for opener, closer in PAIRS.items()}
LONGEST_GROUP = 4000
"""a bracket that closes further away than this was never meant as one"""


class Group(NamedTuple):
    """A bracketed passage: ``start`` is the opening bracket, ``end`` the place after the closing one."""

    start: int
    end: int


ROUND_AND_SQUARE = re.compile(r"[()\[\]]")
ALL_BRACKETS = re.compile(r"[()\[\]《》“”]")


def outer_groups(plain: str, marks: re.Pattern[str] = ROUND_AND_SQUARE) -> list[Group]:
    """The outermost groups in order; a bracket that is never closed opens nothing."""
    groups: list[Group] = []
    stack: list[tuple[str, int]] = []
    for found in marks.finditer(plain):
        character = found.group()
        if character in PAIRS:
            stack.append((character, found.start()))
        else:
            _close(character, found.start(), stack, groups)
    return groups


def _close(character: str, position: int, stack: list[tuple[str, int]], groups: list[Group]) -> None:
    opener = CLOSERS[character]
    depth = next((n for n in range(len(stack) - 1, max(-1, len(stack) - 6), -1) if stack[n][0] == opener), None)
    if depth is None:
        return
    start = stack[depth][1]
    del stack[depth:]
    if position - start > LONGEST_GROUP:
        return
    while groups and groups[-1].start > start:
        groups.pop()
    groups.append(Group(start, position + 1))


def split_outside(plain: str, separators: str) -> list[tuple[int, int]]:
    """The ranges between separators that stand outside every bracket; empty ranges are left out."""
    inside = iter(outer_groups(plain, ALL_BRACKETS) if ALL_BRACKETS.search(plain) else ())
    nowhere = Group(len(plain) + 1, len(plain) + 1)
    group = next(inside, nowhere)
    ranges: list[tuple[int, int]] = []
    start = 0
    for found in _any_of(separators).finditer(plain):
        position = found.start()
        while position >= group.end:
            group = next(inside, nowhere)
        if not group.start <= position < group.end:
            ranges.append((start, position))
            start = position + 1
    ranges.append((start, len(plain)))
    return [(a, b) for a, b in ranges if plain[a:b].strip()]


@cache
def _any_of(characters: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(characters)}]")

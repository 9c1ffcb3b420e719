"""Brackets: where they open and close, and how to split a text only outside of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

PAIRS = {"(": ")", "[": "]", "《": "》", "“": "”"}
CLOSERS = {closer: opener for opener, closer in PAIRS.items()}
LONGEST_GROUP = 4000
"""a bracket that closes further away than this was never meant as one"""


@dataclass(frozen=True)
class Group:
    """A bracketed passage: ``start`` is the opening bracket, ``end`` the place after the closing one."""

    start: int
    end: int


def outer_groups(plain: str, openers: Collection[str] = ("(", "[")) -> list[Group]:
    """The outermost round and square groups, in order; a bracket that is never closed opens nothing."""
    groups: list[Group] = []
    stack: list[tuple[str, int]] = []
    for position, character in enumerate(plain):
        if character in openers:
            stack.append((character, position))
        elif character in CLOSERS and CLOSERS[character] in openers:
            _close(character, position, stack, groups)
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


def split_outside(plain: str, separators: Collection[str]) -> list[tuple[int, int]]:
    """The ranges between separators that stand outside every bracket; empty ranges are left out."""
    ranges: list[tuple[int, int]] = []
    inside = outer_groups(plain, ("(", "[", "《", "“"))
    boundaries = iter([*inside, Group(len(plain) + 1, len(plain) + 1)])
    group = next(boundaries)
    start = 0
    for position, character in enumerate(plain):
        while position >= group.end:
            group = next(boundaries)
        if character in separators and not group.start <= position < group.end:
            ranges.append((start, position))
            start = position + 1
    ranges.append((start, len(plain)))
    return [(a, b) for a, b in ranges if plain[a:b].strip()]

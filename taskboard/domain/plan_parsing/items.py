"""An item of the outline with its text, its clauses and what stands below it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from taskboard.domain.plan_parsing.clause_readings import Clause, Form
from taskboard.domain.plan_parsing.outline import Node
from taskboard.domain.plan_parsing.text import Text, join_texts, without_ranges

LONGEST_HEADING = 45


@dataclass
class Item:
    """A node of the outline with its text, its clauses, and the items below it."""

    node: Node
    text: Text
    clauses: list[Clause] = field(default_factory=list)
    children: list[Item] = field(default_factory=list)
    clause_from_below: bool = False
    """whether its clause stood after the last of its sub-items"""
    speaks_for_items: bool = False
    """whether its clause names who leads items below that name nobody themselves"""
    parent: Item | None = None
    titled_never: bool | None = None
    """whether its title says that it never holds measures, once that was asked"""

    @property
    def body(self) -> Text:
        """The text without its clauses; one in running text (由A负责…，年底前出台) is part of it."""
        if self.clause_from_below:
            return self.text.strip()
        apart = [(clause.start, clause.end) for clause in self.clauses if clause.form is not Form.PROSE]
        return without_ranges(self.text, apart).strip()

    @property
    def has_units(self) -> bool:
        # Asked of all items again and again, and most have no clause at all.
        return bool(self.clauses) and any(clause.reading.has_units for clause in self.clauses)

    def walk(self) -> Iterable[Item]:
        stack = [self]
        while stack:
            item = stack.pop()
            yield item
            stack.extend(reversed(item.children))


def heading_of(text: Text) -> tuple[Text | None, int]:
    """The title words at the start of an item and where they end; nothing when it is a plain sentence."""
    line = text.plain.split("\n", 1)[0]
    has_more = len(text.plain.rstrip()) > len(line)
    if line.startswith("[") and 0 < (close := line.find("]")) <= LONGEST_HEADING:
        return text[1:close].strip(), close + 1
    end = _heading_end(line, has_more)
    if not end:
        return None, 0
    heading = text[:end].strip()
    return heading, end + 1 if text.plain[end : end + 1] in ("。", ":") else end


def _heading_end(line: str, has_more: bool) -> int:
    """Where the title words end in the first line: a full stop, a colon, a wide gap or the line's end; 0 for none."""
    stop = line.find("。")
    if 0 < stop <= LONGEST_HEADING and (stop + 1 < len(line.rstrip()) or (has_more and "," not in line)):
        return stop
    colon = line.find(":")
    if 2 <= colon <= 25 and colon + 1 < len(line.rstrip()) and not re.search("[,(]", line[:colon]):
        return colon
    gap = line.find("  ")
    if 4 <= gap <= 30 and not re.search("[,。;]", line[:gap]):
        return gap
    if len(line) <= LONGEST_HEADING and stop < 0 and not line.endswith((";", ",")):
        return len(line)
    return 0


def whole_text(item: Item) -> Text:
    """The item with all its sub-items, without clauses, in reading order."""
    return join_texts([below.body for below in item.walk()], "\n")

"""Clauses that an item has from its section (一、市教育局, 本类牵头单位：A) or from the last item of its row."""

from __future__ import annotations

import re

from taskboard.domain.plan_parsing.clause_readings import IN_TEXT, Clause, Form, Reading
from taskboard.domain.plan_parsing.clauses import SECTION_ITSELF, find_clauses
from taskboard.domain.plan_parsing.fields import Field
from taskboard.domain.plan_parsing.items import LONGEST_HEADING, Item
from taskboard.domain.plan_parsing.numbering import Kind
from taskboard.domain.plan_parsing.statements import BUT_WHERE_NAMED
from taskboard.domain.plan_parsing.text import Text
from taskboard.domain.plan_parsing.units import is_unit_list, read_units


def share_clauses(top: Item) -> None:
    """Give each item below ``top`` the clauses that other places hold for it."""
    _give_units_of_headings(top)
    _give_units_before_colons(top)
    _give_leads_of_sections(top)
    _lift_shared_clauses(top)


# --- units that stand before their work -----------------------------------------------------------

FEWEST_NAMED = 2
SHARE_NAMED = 0.5


def _give_units_of_headings(top: Item) -> None:
    """一、市教育局 1.… 2.…: where sections are named after departments, these do the work below."""
    sections = [item for item in top.walk() if item.node.label is not None and _is_named_after_units(item)]
    if len(sections) < FEWEST_NAMED:
        return
    for section in sections:
        for item in section.children:
            if item.node.label is not None and not _has_lead(item):
                item.clauses.insert(0, Clause(0, 0, Form.FIELDS, section.text, _responsible(section.text)))


def _is_named_after_units(item: Item) -> bool:
    text = item.text.strip()
    is_short = 2 < len(text) <= LONGEST_HEADING and not item.clauses and "\n" not in text.plain
    return is_short and bool(item.children) and is_unit_list(text)


def _has_lead(item: Item) -> bool:
    return any(clause.reading.leads or clause.reading.responsible for below in item.walk() for clause in below.clauses)


def _responsible(units: Text) -> Reading:
    reading = Reading()
    reading.add(Field.RESPONSIBLE, read_units(units))
    return reading


BEFORE_COLON = re.compile(r"(?P<units>[^:。;()\[\]]{3,60}?)(?:[(\[][^()\[\]]{2,60}[)\]])?(?::|(?:牵头)?负责,)")
IN_BRACKETS = re.compile(r"\[(?P<units>[^:。;()\[\]]{3,60})\]")


def _give_units_before_colons(top: Item) -> None:
    """1.市教育局：建设学校。 or 【市教育局】建设学校。: where most items begin with who does them."""
    leaves = [item for item in top.walk() if item.node.label is not None and not item.children]
    found = [(item, units) for item in leaves if (units := _units_in_front(item.text)) is not None]
    found = [(item, units) for item, units in found if not _has_lead(item)]
    if len(found) <= FEWEST_NAMED or len(found) < SHARE_NAMED * len(leaves):
        return
    for item, (names, end) in found:
        reading = _responsible(names)
        for clause in item.clauses:
            if clause.end <= end:
                reading.merge(clause.reading)
        behind = [clause for clause in item.clauses if clause.start >= end]
        item.clauses = [Clause(0, end, Form.FIELDS, item.text[: end - 1].strip("[] "), reading), *behind]


def _units_in_front(text: Text) -> tuple[Text, int] | None:
    """The units that a text begins with, and where what they do begins."""
    found = BEFORE_COLON.match(text.plain) or IN_BRACKETS.match(text.plain)
    if found is None:
        return None
    units = text[found.start("units") : found.end("units")]
    return (units, found.end()) if is_unit_list(units) else None


# --- units that lead a whole section -------------------------------------------------------------


HOLDS_BELOW = re.compile(
    rf"{SECTION_ITSELF}|{BUT_WHERE_NAMED}|(?:除|凡)[^,。;()]{{0,16}}(?:注明|标明|标注|列明|明确|指定)[^,。;()]{{0,6}}外"
)


def lead_of_section(title: Text) -> Reading | None:
    """Who leads what stands below a title (一、工业（牵头单位：A，另有注明的除外）), if it says."""
    if "(" not in title.plain and ":" not in title.plain:
        return None
    for clause in find_clauses(title):
        if clause.form not in IN_TEXT and (lead := _only_lead(clause.reading)) is not None:
            return lead
    return None


def _only_lead(reading: Reading) -> Reading | None:
    leads = reading.leads or reading.responsible[:1]
    if not leads:
        return None
    alone = Reading()
    alone.add(Field.LEAD, leads)
    return alone


def _give_leads_of_sections(top: Item) -> None:
    """Items that name only who helps have the lead of their section; where it says so, also those that name nobody."""
    for section in top.walk():
        if section.node.label is None or not section.children or not section.has_units:
            continue
        clause = next(clause for clause in section.clauses if clause.reading.has_units)
        lead = _only_lead(clause.reading)
        if lead is None:
            continue
        holds_for_all = HOLDS_BELOW.search(section.text.plain[clause.start : clause.end]) is not None
        section.speaks_for_items = holds_for_all
        below = [item for item in section.children if item.node.label is not None]
        while below:
            item = below.pop()
            if item.has_units and not _names_lead(item):
                item.clauses.insert(0, Clause(0, 0, Form.FIELDS, clause.content, lead))
                section.speaks_for_items = True
            elif any(one.has_units for one in item.walk()):
                below += [] if item.has_units else [one for one in item.children if one.node.label is not None]
            elif holds_for_all:
                item.clauses.insert(0, Clause(0, 0, Form.FIELDS, clause.content, clause.reading))


def _names_lead(item: Item) -> bool:
    return any(clause.reading.leads or clause.reading.responsible for clause in item.clauses)


# --- clauses that stand after the last sub-item --------------------------------------------------


def _lift_shared_clauses(top: Item) -> None:
    """A clause after the last sub-item speaks for all of them when no other sub-item has one."""
    own = _kinds_with_own_clauses(top)
    for item in reversed(list(top.walk())):
        if item.node.label is None or len(item.children) < 2 or item.has_units:
            continue
        *others, last = item.children
        if not last.has_units or any(below.has_units for other in others for below in other.walk()):
            continue
        assert last.node.label is not None
        if last.node.label.kind in own and last.node.label.kind < Kind.NUMBER_BRACKET:
            continue
        item.clauses = last.clauses
        item.clause_from_below = True
        last.text, last.clauses = last.body, []


def _kinds_with_own_clauses(top: Item) -> set[Kind]:
    """Kinds of labels whose items carry clauses elsewhere than in the last place of their row."""
    kinds: set[Kind] = set()
    for item in top.walk():
        for child in item.children[:-1]:
            if child.has_units and child.node.label is not None:
                kinds.add(child.node.label.kind)
    return kinds

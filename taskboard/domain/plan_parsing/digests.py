"""Digests of research reports: several reports in one document, each with its recommendations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from taskboard.domain.plan_parsing.attach import attach_clauses
from taskboard.domain.plan_parsing.items import Item, heading_of
from taskboard.domain.plan_parsing.lines import Line
from taskboard.domain.plan_parsing.numbering import Kind, read_label
from taskboard.domain.plan_parsing.outline import build_outline
from taskboard.domain.plan_parsing.sections import holds_recommendations


@dataclass(frozen=True)
class Report:
    """One report: its label and title, its recommendations, and whether its numbering says that columns were mixed."""

    label: str
    title: str
    recommendations: list[Item]
    interleaved: bool


REPORT_HEAD = re.compile(r"^[^。;]{2,24}(?:研究)?(?:基地|课题组|中心|研究院|研究所)\s?:")
AUTHORS = re.compile(r"^课题(?:组)?(?:负责人|组长|主持人)|^主要参加人|^执笔人?|^作者\s?:")
FEWEST_REPORTS = 2
ASKS = re.compile(r"建议\s?:\s*$|为此,?建议")


def is_digest(lines: Sequence[Line]) -> bool:
    """Whether several reports with authors stand in one document."""
    return len(_heads(lines)) >= FEWEST_REPORTS and any(AUTHORS.match(line.text.plain.strip()) for line in lines)


def _heads(lines: Sequence[Line]) -> list[int]:
    heads = []
    for number, line in enumerate(lines):
        label = read_label(line.text.plain, line.text.clean)
        if label and label.kind is Kind.CHINESE and REPORT_HEAD.match(line.text.plain[label.end :]):
            heads.append(number)
    return heads


def read_reports(lines: Sequence[Line]) -> list[Report]:
    """The reports in order."""
    heads = _heads(lines)
    reports = []
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        head = lines[start].text
        label = read_label(head.plain, head.clean)
        assert label is not None
        title = head[label.end :]
        body = [line for line in lines[start + 1 : end] if not AUTHORS.match(line.text.plain.strip())]
        if title.plain.rstrip().endswith(":") and body and read_label(body[0].text.plain) is None:
            title_text = title.clean.strip() + body[0].text.clean.strip()
        else:
            title_text = title.clean.strip()
        top = attach_clauses(build_outline(body))
        reports.append(Report(label.text, title_text, _recommendations(top), _is_interleaved(top)))
    return reports


def _recommendations(top: Item) -> list[Item]:
    """Items below a section of recommendations, or after a sentence that ends in 建议：."""
    found: list[Item] = []
    sections = [item for item in top.walk() if item.node.label and item.node.label.kind is Kind.CHINESE]
    for section in sections:
        heading, _ = heading_of(section.text)
        if holds_recommendations((heading or section.text).plain[:60]):
            found += [item for item in section.children if item.node.label]
    if not sections and ASKS.search(top.text.plain.rstrip()[-400:]):
        found = [item for item in top.children if item.node.label]
    return _in_sequence(found)


def _in_sequence(items: list[Item]) -> list[Item]:
    """Items that count on; a stray one from another column breaks the row and is left out."""
    row: list[Item] = []
    for item in items:
        assert item.node.label is not None
        if item.node.label.number == len(row) + 1:
            row.append(item)
    return row


def _is_interleaved(top: Item) -> bool:
    """Numbers that jump back or repeat within a section come from columns that were pasted out of order."""
    for item in top.walk():
        numbers = [child.node.label.number for child in item.children if child.node.label]
        if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            return True
    return False

"""What the pages of an import show beside the rows of the review, made ready."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from taskboard.config import MEBIBYTE
from taskboard.documents.document import DocumentKind, DocumentNote
from taskboard.documents.ocr import can_recognise
from taskboard.documents.reader import READERS
from taskboard.domain.department_names import match_key
from taskboard.domain.imports import Row, RowKind
from taskboard.domain.plan_parsing.blocks import Block
from taskboard.domain.plan_parsing.reading import Problem
from taskboard.extensions import current_settings
from taskboard.labels.documents import DOCUMENT_NOTES
from taskboard.labels.imports import FILE_ENDINGS
from taskboard.services.import_review import Review, UnknownName
from taskboard.web.imports.forms import NameForm
from taskboard.web.imports.portions import Portion
from taskboard.web.imports.rows import Link, RowPage, place_words, row_link
from taskboard.web.imports.source import SourceBlock, part_of, source_blocks


@dataclass(frozen=True)
class NamePage:
    """An unknown name with its choices; ``places`` are the items that name it."""

    unknown: UnknownName
    places: str
    is_open: bool
    form: NameForm


def upload_facts() -> dict[str, str | bool]:
    """The formats and the size that the upload page names, and whether scans can be recognised."""
    kinds = [*READERS, *([DocumentKind.IMAGE] if can_recognise() else [])]
    endings = [ending for kind in kinds for ending in FILE_ENDINGS.get(kind, ())]
    limit = current_settings().max_upload_bytes // MEBIBYTE
    return {
        "formats": "、".join(endings),
        "accept": ",".join(endings),
        "limit": f"{limit} MB",
        "can_recognise": can_recognise(),
    }


def count_doubts(review: Review, *, besides: Collection[str]) -> int:
    """How many fields and passages are to be looked at, those of some rows left out."""
    return sum(len(one.uncertain) + one.row.is_undecided for one in review.rows if one.row.key not in besides)


def notes_of(review: Review) -> list[str]:
    """What is worth knowing about the reading of the file; a note of a later release is passed over."""
    return [DOCUMENT_NOTES[note] for note in review.notes if note in DOCUMENT_NOTES]


def may_recognise(review: Review) -> bool:
    """Whether pages were left unread that the recognition could read."""
    return (
        DocumentNote.SCANNED_PAGES in review.notes and DocumentNote.RECOGNISED not in review.notes and can_recognise()
    )


@dataclass(frozen=True)
class ProblemPage:
    """A problem of the document with the rows of the passages it is about."""

    where: str
    text: str
    links: list[Link]


def problems_of(review: Review) -> list[ProblemPage]:
    """The problems that the parser told of, those about a passage with the way to it."""
    unread = [one.row for one in review.rows if one.row.kind is RowKind.UNREAD]
    return [
        ProblemPage(
            told.where, told.text, [(row_link(row), place_words(row)) for row in unread if _is_about(told, row)]
        )
        for told in review.problems
    ]


def _is_about(told: Problem, row: Row) -> bool:
    first = row.parsed.spans["text"][0]
    return any((one.block, one.row, one.column) == (first.block, first.row, first.column) for one in told.spans)


def source_of(blocks: Sequence[Block], review: Review, rows: Iterable[RowPage]) -> list[SourceBlock]:
    """The part of the document that these rows stand in, with a way to each of them at the place where it begins."""
    links: dict[str, list[Link]] = {}
    for row in rows:
        if row.at:
            links.setdefault(row.at, []).append((row.key, row.words))
    shown = {row.key for row in rows}
    return list(source_blocks(blocks, links, part_of(blocks, _beginnings(review), shown)))


def _beginnings(review: Review) -> dict[str, tuple[int, int]]:
    """The block, and the row of a table, in which each measure begins."""
    texts = {one.row.key: one.row.parsed.spans.get("text") for one in review.rows}
    return {key: (spans[0].block, spans[0].row or 0) for key, spans in texts.items() if spans}


def names_of(review: Review, portion: Portion, names: Mapping[str, NameForm]) -> list[NamePage]:
    """The unknown names: those without a decision first, then those of the measures shown; all on the first page."""
    open_keys = {one.name_key for one in review.hindrances}
    near = {match_key(name) for one in portion.rows for name in one.row.entry.names}
    shown = [one for one in review.unknown if one.key in open_keys or one.key in near or portion.page == 1]
    pages = [NamePage(one, _places(one), one.key in open_keys, names[one.key]) for one in shown]
    return sorted(pages, key=lambda page: not page.is_open)


def _places(unknown: UnknownName) -> str:
    if not unknown.numbers:
        return "全文各项"
    shown = "、".join(map(str, unknown.numbers[:8]))
    more = f" 等 {len(unknown.numbers)} 项" if len(unknown.numbers) > 8 else " 项"
    return f"第 {shown}{more}"

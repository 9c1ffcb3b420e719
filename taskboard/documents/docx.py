"""Word documents (.docx) read as Word shows them: with automatic numbers, merged cells and accepted changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from taskboard.documents.archive import Archive
from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentNote, DocumentProblem
from taskboard.documents.docx_numbering import Numbering, W, is_on, read_numbering
from taskboard.documents.grid import build_table
from taskboard.documents.packages import main_part, related_parts
from taskboard.documents.safe_xml import parse_xml
from taskboard.documents.text import clean_line, split_paragraph
from taskboard.domain.plan_parsing.blocks import Block, Cell, Place

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

MAX_SPAN = 1_000
"""columns one cell may cover; Word itself allows 63"""

MAX_PARAGRAPHS = 100_000
"""those without text and those in tables included; far more than Word itself can bear"""

HEADING_NAME = re.compile(r"heading ([1-9])$", re.IGNORECASE)
CONTENTS_NAME = re.compile(r"toc [1-9]$", re.IGNORECASE)
BODY_LEVEL = 9
"""Word's outline level of text that is no heading; 0 to 8 are headings"""

WINGDINGS = "Wingdings"
WINGDINGS_NUMBERS = {0xF081 + n: chr(ord("①") + n) for n in range(10)} | {
    0xF08C + n: chr(ord("❶") + n) for n in range(10)
}
"""circled figures that people insert as symbols; other signs of the symbol fonts carry no words"""

TRANSPARENT = {
    f"{W}{name}"
    for name in (
        "hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "fldSimple", "dir", "bdo",
        "ruby", "rubyBase", "subDoc",
    )
}  # fmt: skip
"""wrappers whose content belongs to the text around them"""

PICTURES = {f"{W}drawing", f"{W}pict", f"{W}object"}
FOOTNOTES = {f"{W}footnoteReference", f"{W}endnoteReference"}


@dataclass(frozen=True)
class Style:
    """What a paragraph or character style says about reading; everything else of it is looks."""

    name: str = ""
    based_on: str | None = None
    number_id: str | None = None
    depth: int | None = None
    outline_level: int | None = None
    is_hidden: bool | None = None


NO_STYLE = Style()
DEFAULT_STYLE = ""
"""key of the style that a paragraph without a style has"""


@dataclass
class _Line:
    """The text of one paragraph while its runs are read; ``boxes`` are the text boxes that hang on it."""

    text: list[str] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    in_instruction: list[bool] = field(default_factory=list)
    """one entry for each open field, innermost last: whether its instruction is still being read"""


def read_docx(data: bytes) -> Document:
    """The blocks of a Word document. Raises ``DocumentError``: broken, encrypted, zip_bomb, unsafe or too_complex."""
    archive = Archive(data)
    part = main_part(archive, usual="word/document.xml")
    body = parse_xml(archive.read(part)).find(f"{W}body")
    if body is None:
        raise DocumentError(DocumentProblem.BROKEN)
    related = dict(related_parts(archive, part).values())
    styles = _read_styles(_part(archive, related.get("styles", "word/styles.xml")))
    lists = _part(archive, related.get("numbering", "word/numbering.xml"))
    style_lists = {key: style.number_id for key, style in styles.items() if style.number_id}
    reader = _Reader(styles, read_numbering(lists, style_lists=style_lists))
    blocks = tuple(reader.blocks_of(body))
    return Document(blocks, DocumentKind.DOCX, notes=tuple(sorted(reader.notes)))


def _part(archive: Archive, name: str) -> etree._Element | None:
    content = archive.find(name)
    return parse_xml(content) if content is not None else None


class _Reader:
    """Walks one document once, from top to bottom, because Word's numbers depend on all that came before."""

    def __init__(self, styles: Mapping[str, Style], numbering: Numbering) -> None:
        self.notes: set[DocumentNote] = set()
        self._styles = styles
        self._numbering = numbering
        self._position = 0
        self._paragraphs_read = 0
        self._carried: list[str] = []

    def blocks_of(self, container: etree._Element) -> Iterator[Block]:
        """Paragraphs and tables directly in this container, content controls and accepted changes included."""
        for element in _flow(container):
            self._position += 1
            if element.tag == f"{W}p":
                yield from self._paragraphs(element)
            else:
                yield from self._table(element)
        if self._carried:
            yield from split_paragraph(self._take_carried(), place=Place(paragraph=self._position))

    # paragraphs

    def _paragraphs(self, element: etree._Element) -> Iterator[Block]:
        line, place = self._read_line(element), Place(paragraph=self._position)
        if line is not None:
            text = self._take_carried() + "".join(line.text)
            # An empty paragraph is counted by its list, but nobody asks for its heading.
            label, heading = self._label(element), self._heading_level(element) if text.strip() else None
            yield from split_paragraph(text, label=label, heading_level=heading, place=place)
            for box in line.boxes:
                yield from self.blocks_of(box)

    def _read_line(self, element: etree._Element) -> _Line | None:
        """The paragraph's text, or ``None`` when it is not shown or flows into the next one."""
        self._paragraphs_read += 1
        if self._paragraphs_read > MAX_PARAGRAPHS:
            raise DocumentError(DocumentProblem.TOO_COMPLEX)
        style = self._style_of(element)
        if CONTENTS_NAME.match(style.name):
            self.notes.add(DocumentNote.CONTENTS_LIST)
            return None
        line = _Line()
        hidden = bool(self._inherited(style, "is_hidden"))
        self._collect(element, line, hidden=hidden)
        mark = element.find(f"{W}pPr/{W}rPr")
        if mark is not None and (mark.find(f"{W}del") is not None or mark.find(f"{W}moveFrom") is not None):
            # The end of this paragraph was deleted: what is left of it belongs to the next one.
            self.notes.add(DocumentNote.TRACKED_CHANGES)
            self._carried += line.text
            return None
        if mark is not None and is_on(mark.find(f"{W}vanish")) and not "".join(line.text).strip() and not line.boxes:
            return None
        return line

    def _take_carried(self) -> str:
        carried = "".join(self._carried)
        self._carried.clear()
        return carried

    def _collect(self, element: etree._Element, line: _Line, *, hidden: bool) -> None:
        for child in element:
            tag = child.tag
            if tag == f"{W}r":
                self._collect_run(child, line, hidden=hidden)
            elif tag in TRANSPARENT:
                if tag in {f"{W}ins", f"{W}moveTo"}:
                    self.notes.add(DocumentNote.TRACKED_CHANGES)
                self._collect(child, line, hidden=hidden)
            elif tag in {f"{W}del", f"{W}moveFrom"}:
                self.notes.add(DocumentNote.TRACKED_CHANGES)
            elif tag == f"{MC}AlternateContent":
                self._collect(_alternative(child), line, hidden=hidden)
            elif tag in {f"{M}oMath", f"{M}oMathPara"}:
                line.text += [node.text or "" for node in child.iter(f"{M}t")]

    def _collect_run(self, run: etree._Element, line: _Line, *, hidden: bool) -> None:
        if self._run_is_hidden(run, otherwise=hidden):
            if any(node.text for node in run.iter(f"{W}t")):
                self.notes.add(DocumentNote.HIDDEN_TEXT)
            return
        for child in run:
            self._collect_piece(child, line)

    def _collect_piece(self, piece: etree._Element, line: _Line) -> None:
        tag = piece.tag
        if tag == f"{W}fldChar":
            _step_field(piece, line)
        elif any(line.in_instruction):
            return
        elif tag == f"{W}t":
            line.text.append((piece.text or "").replace("\n", " "))
        elif tag in {f"{W}br", f"{W}cr"}:
            line.text.append("\n")
        elif tag in {f"{W}tab", f"{W}ptab"}:
            line.text.append("\t")
        elif tag == f"{W}noBreakHyphen":
            line.text.append("-")
        elif tag == f"{W}sym":
            line.text.append(_symbol(piece))
        elif tag == f"{W}ruby":
            self._collect(piece, line, hidden=False)
        elif tag in FOOTNOTES:
            self.notes.add(DocumentNote.FOOTNOTES)
        elif tag == f"{MC}AlternateContent":
            for inner in _alternative(piece):
                self._collect_piece(inner, line)
        elif tag in PICTURES:
            self._collect_drawing(piece, line)

    def _collect_drawing(self, drawing: etree._Element, line: _Line) -> None:
        boxes = [box for box in drawing.iter(f"{W}txbxContent") if _is_outermost(box, drawing)]
        line.boxes += boxes
        if not boxes:
            self.notes.add(DocumentNote.PICTURES)

    def _run_is_hidden(self, run: etree._Element, *, otherwise: bool) -> bool:
        properties = run.find(f"{W}rPr")
        if properties is None:
            return otherwise
        vanish = properties.find(f"{W}vanish")
        if vanish is not None:
            return is_on(vanish)
        by_style = self._inherited(self._style(_value(properties, "rStyle")), "is_hidden")
        return otherwise if by_style is None else bool(by_style)

    # numbers and headings

    def _label(self, element: etree._Element) -> str:
        number_id, depth = self._list_of(element)
        return self._numbering.next_label(number_id, depth) if number_id else ""

    def _list_of(self, element: etree._Element) -> tuple[str | None, int]:
        """The ``w:num`` and level (from 0) of a paragraph: its own, else its style's; "0" switches numbers off."""
        style_id = self._style_id(element)
        style = self._style(style_id)
        own = element.find(f"{W}pPr/{W}numPr")
        number_id = _value(own, "numId") if own is not None else None
        depth = _whole(_value(own, "ilvl")) if own is not None else None
        if number_id is None:
            inherited = self._inherited(style, "number_id")
            number_id = str(inherited) if inherited is not None else None
            if number_id is not None and depth is None:
                depth = self._depth_by_style(style_id, number_id)
        return (None, 0) if number_id in {None, "0"} else (number_id, depth or 0)

    def _depth_by_style(self, style_id: str | None, number_id: str) -> int:
        seen: set[str] = set()
        while style_id is not None and style_id not in seen:
            seen.add(style_id)
            tied = self._numbering.level_of_style(number_id, style_id)
            if tied is not None:
                return tied
            style = self._style(style_id)
            if style.depth is not None:
                return style.depth
            style_id = style.based_on
        return 0

    def _heading_level(self, element: etree._Element) -> int | None:
        own = element.find(f"{W}pPr/{W}outlineLvl")
        level = _whole(own.get(f"{W}val")) if own is not None else None
        style = self._style_of(element)
        if level is None:
            inherited = self._inherited(style, "outline_level")
            level = int(inherited) if inherited is not None else None
        if level is None:
            named = HEADING_NAME.match(style.name)
            return int(named[1]) if named else None
        return level + 1 if 0 <= level < BODY_LEVEL else None

    # styles

    def _style_id(self, paragraph: etree._Element) -> str | None:
        return _value(paragraph.find(f"{W}pPr"), "pStyle") or DEFAULT_STYLE

    def _style_of(self, paragraph: etree._Element) -> Style:
        return self._style(self._style_id(paragraph))

    def _style(self, style_id: str | None) -> Style:
        return self._styles.get(style_id or "", NO_STYLE)

    def _inherited(self, style: Style, name: str) -> str | int | bool | None:
        """A property of a style, or of the nearest style that it is based on."""
        for _ in range(len(self._styles) + 1):
            value: str | int | bool | None = getattr(style, name)
            if value is not None or style.based_on is None:
                return value
            style = self._style(style.based_on)
        return None

    # tables

    def _table(self, table: etree._Element) -> Iterator[Block]:
        rows = [row for row in _flow_of(table, f"{W}tr") if not _is_deleted_row(row)]
        cells = [list(_flow_of(row, f"{W}tc")) for row in rows]
        if len(cells) == 1 and len(cells[0]) == 1:
            # A table of one cell is a frame drawn around ordinary text.
            yield from self.blocks_of(cells[0][0])
            return
        place = Place(paragraph=self._position)
        grid = build_table(self._cells(rows), place=place)
        if any(cell.text for row in grid.rows for cell in row):
            yield grid

    def _cells(self, rows: Iterable[etree._Element]) -> list[Cell]:
        placed: list[Cell] = []
        above: dict[int, int] = {}  # column → index in ``placed`` of the cell that a merge from above continues
        for y, row in enumerate(rows):
            x = _span(row.find(f"{W}trPr/{W}gridBefore"), otherwise=0)
            current: dict[int, int] = {}
            for element in _flow_of(row, f"{W}tc"):
                properties = element.find(f"{W}tcPr")
                width = _span(properties.find(f"{W}gridSpan") if properties is not None else None, otherwise=1)
                text = self._cell_text(element)
                if _continues(properties, "hMerge") and x > 0 and placed and placed[-1].row == y:
                    placed[-1] = _wider(placed[-1], width, text)
                elif _continues(properties, "vMerge") and x in above:
                    placed[above[x]] = _taller(placed[above[x]], y, text)
                    current[x] = above[x]
                else:
                    placed.append(Cell(text, row=y, column=x, column_span=width))
                    current[x] = len(placed) - 1
                x += width
            above = current
        return placed

    def _cell_text(self, cell: etree._Element) -> str:
        """The lines of a cell, Word's numbers included: a column of automatic numbers holds nothing else."""
        lines: list[str] = []
        for element in _flow(cell):
            if element.tag == f"{W}tbl":
                lines += self._nested_lines(element)
                continue
            line = self._read_line(element)
            if line is None:
                continue
            lines.append(self._label(element) + self._take_carried() + "".join(line.text))
            lines += [self._cell_text(box) for box in line.boxes]
        lines.append(self._take_carried())
        shown = (clean_line(line) for text in lines for line in text.split("\n"))
        return "\n".join(filter(str.strip, shown)).strip()

    def _nested_lines(self, table: etree._Element) -> Iterator[str]:
        for row in _flow_of(table, f"{W}tr"):
            texts = (self._cell_text(cell) for cell in _flow_of(row, f"{W}tc"))
            yield "\t".join(filter(None, texts))


def _read_styles(root: etree._Element | None) -> dict[str, Style]:
    styles: dict[str, Style] = {}
    for element in root.iterchildren(f"{W}style") if root is not None else ():
        numbers = element.find(f"{W}pPr/{W}numPr")
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        vanish = element.find(f"{W}rPr/{W}vanish")
        style = Style(
            name=_value(element, "name") or "",
            based_on=_value(element, "basedOn"),
            number_id=_value(numbers, "numId"),
            depth=_whole(_value(numbers, "ilvl")),
            outline_level=_whole(outline.get(f"{W}val")) if outline is not None else None,
            is_hidden=is_on(vanish) if vanish is not None else None,
        )
        styles[element.get(f"{W}styleId", "")] = style
        if element.get(f"{W}type") == "paragraph" and element.get(f"{W}default") in {"1", "true", "on"}:
            styles[DEFAULT_STYLE] = style
    return styles


def _flow(container: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables of a container, through the wrappers that Word puts around them."""
    for child in container:
        if child.tag in {f"{W}p", f"{W}tbl"}:
            yield child
        elif child.tag in TRANSPARENT:
            yield from _flow(child)
        elif child.tag == f"{MC}AlternateContent":
            yield from _flow(_alternative(child))


def _flow_of(container: etree._Element, tag: str) -> Iterator[etree._Element]:
    for child in container:
        if child.tag == tag:
            yield child
        elif child.tag in TRANSPARENT:
            yield from _flow_of(child, tag)


def _alternative(element: etree._Element) -> etree._Element:
    """The one of several renderings of the same content that is read: the newest, else the fallback."""
    choice = element.find(f"{MC}Choice")
    fallback = element.find(f"{MC}Fallback")
    if choice is not None and (len(choice) or fallback is None):
        return choice
    return fallback if fallback is not None else element


def _is_outermost(box: etree._Element, drawing: etree._Element) -> bool:
    # A shape is often stored twice, for new and old programs, and boxes may hold boxes.
    for ancestor in box.iterancestors():
        if ancestor is drawing:
            return True
        if ancestor.tag == f"{W}txbxContent":
            return False
        if ancestor.tag == f"{MC}Fallback":
            choice = ancestor.getparent()
            if choice is not None and choice.find(f"{MC}Choice") is not None:
                return False
    return True


def _step_field(piece: etree._Element, line: _Line) -> None:
    """Fields are instruction, then result; only the result is text."""
    kind = piece.get(f"{W}fldCharType")
    if kind == "begin":
        line.in_instruction.append(True)
    elif kind == "separate" and line.in_instruction:
        line.in_instruction[-1] = False
    elif kind == "end" and line.in_instruction:
        line.in_instruction.pop()


def _symbol(piece: etree._Element) -> str:
    try:
        code = int(piece.get(f"{W}char", ""), 16)
    except ValueError:
        return ""
    if piece.get(f"{W}font") == WINGDINGS:
        return WINGDINGS_NUMBERS.get(code | 0xF000, "")
    is_private = 0xE000 <= code <= 0xF8FF
    return "" if is_private or not 0x20 <= code <= 0xFFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _is_deleted_row(row: etree._Element) -> bool:
    return row.find(f"{W}trPr/{W}del") is not None


def _continues(properties: etree._Element | None, merge: str) -> bool:
    element = properties.find(f"{W}{merge}") if properties is not None else None
    return element is not None and element.get(f"{W}val", "continue") == "continue"


def _wider(cell: Cell, columns: int, text: str) -> Cell:
    joined = "\n".join(filter(None, (cell.text, text)))
    return Cell(joined, cell.row, cell.column, cell.row_span, cell.column_span + columns)


def _taller(cell: Cell, row: int, text: str) -> Cell:
    joined = "\n".join(filter(None, (cell.text, text)))
    return Cell(joined, cell.row, cell.column, row - cell.row + 1, cell.column_span)


def _span(element: etree._Element | None, *, otherwise: int) -> int:
    value = _whole(element.get(f"{W}val")) if element is not None else None
    return otherwise if value is None else max(otherwise, min(value, MAX_SPAN))


def _value(element: etree._Element | None, child: str) -> str | None:
    found = element.find(f"{W}{child}") if element is not None else None
    return found.get(f"{W}val") if found is not None else None


def _whole(value: str | None) -> int | None:
    try:
        return int(value or "")
    except ValueError:
        return None

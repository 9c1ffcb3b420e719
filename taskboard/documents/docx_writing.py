"""Writing a short official document as .docx: lines of text and one kind of table, on A4 with the usual margins.

Only what our own documents need: a library for the whole format would be the project's biggest dependency. Margins and
type sizes follow the layout of official documents (GB/T 9704).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MILLIMETRE = 56.7
"""twentieths of a point"""
BODY_POINTS = 16
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""the same document is the same bytes whenever it is written"""
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Align(StrEnum):
    LEFT = "left"
    CENTRE = "center"
    RIGHT = "right"
    BOTH = "both"


class Face(StrEnum):
    """A type face by its role; the names are those that Chinese offices have."""

    TITLE = "方正小标宋简体"
    HEAD = "黑体"
    BODY = "仿宋"


@dataclass(frozen=True)
class Line:
    """One paragraph; a line break within stays one. ``is_indented`` begins it two characters in."""

    text: str
    align: Align = Align.BOTH
    face: Face = Face.BODY
    points: int = BODY_POINTS
    colour: str | None = None
    is_indented: bool = False
    is_ruled: bool = False
    """a rule under it, as under the name of the sender"""


@dataclass(frozen=True)
class Grid:
    """A table of two columns: what, and the words; ``lowest`` is the least height of a row in millimetres."""

    rows: tuple[tuple[str, str], ...]
    lowest: int = 9


def write_docx(parts: Sequence[Line | Grid], *, title: str) -> bytes:
    """The document. Characters that XML cannot hold are left out."""
    body = "".join(_line(part) if isinstance(part, Line) else _grid(part) for part in parts)
    files = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS,
        "docProps/core.xml": CORE.format(title=_clean(title)),
        "word/document.xml": DOCUMENT.format(body=body, section=_section()),
        "word/styles.xml": STYLES,
        "word/_rels/document.xml.rels": DOCUMENT_RELATIONS,
    }
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = ZipInfo(name, LONG_AGO)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, text)
    return stream.getvalue()


def _clean(text: str) -> str:
    return escape(NOT_XML.sub("", text))


def _line(line: Line) -> str:
    """A paragraph, or several where the text has several lines."""
    return "".join(_paragraph(line, text) for text in line.text.split("\n"))


def _paragraph(line: Line, text: str) -> str:
    rule = f'<w:pBdr><w:bottom w:val="single" w:sz="12" w:space="6" w:color="{line.colour or "auto"}"/></w:pBdr>'
    indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>' if line.is_indented else ""
    return (
        f'<w:p><w:pPr>{rule if line.is_ruled else ""}<w:spacing w:line="330" w:lineRule="auto"/>'
        f'{indent}<w:jc w:val="{line.align.value}"/></w:pPr>{_run(text, line.face, line.points, line.colour)}</w:p>'
    )


def _run(text: str, face: Face, points: int, colour: str | None = None) -> str:
    tint = f'<w:color w:val="{colour}"/>' if colour else ""
    fonts = f'<w:rFonts w:ascii="{face.value}" w:hAnsi="{face.value}" w:eastAsia="{face.value}"/>'
    properties = f'<w:rPr>{fonts}{tint}<w:sz w:val="{points * 2}"/></w:rPr>'
    return f'<w:r>{properties}<w:t xml:space="preserve">{_clean(text)}</w:t></w:r>'


WIDTHS = (30, 126)
"""millimetres between margins of 28 and 26"""


def _grid(grid: Grid) -> str:
    columns = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in WIDTHS)
    rows = "".join(_row(row, grid.lowest) for row in grid.rows)
    properties = (
        f'<w:tblPr><w:tblW w:w="{_twips(sum(WIDTHS))}" w:type="dxa"/>'
        f'<w:tblInd w:w="108" w:type="dxa"/><w:tblBorders>{_borders()}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/></w:tblPr>'
    )
    return f"<w:tbl>{properties}<w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>"


def _row(row: Iterable[str], lowest: int) -> str:
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{_twips(width)}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        f"{_cell(text, is_head=number == 0)}</w:tc>"
        for number, (text, width) in enumerate(zip(row, WIDTHS, strict=True))
    )
    return f'<w:tr><w:trPr><w:cantSplit/><w:trHeight w:val="{_twips(lowest)}"/></w:trPr>{cells}</w:tr>'


def _cell(text: str, *, is_head: bool) -> str:
    align = Align.CENTRE if is_head else Align.LEFT
    runs = (_run(one, Face.HEAD if is_head else Face.BODY, 14) for one in text.split("\n"))
    return "".join(f'<w:p><w:pPr><w:jc w:val="{align.value}"/></w:pPr>{run}</w:p>' for run in runs)


def _borders() -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    return "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>' for side in sides)


def _twips(millimetres: int) -> int:
    return round(millimetres * MILLIMETRE)


def _section() -> str:
    margins = {"top": 37, "right": 26, "bottom": 35, "left": 28, "header": 15, "footer": 15}
    words = " ".join(f'w:{side}="{_twips(width)}"' for side, width in margins.items())
    return f'<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar {words} w:gutter="0"/></w:sectPr>'


PROLOGUE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PACKAGES = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"

CONTENT_TYPES = (
    f'{PROLOGUE}<Types xmlns="{PACKAGES}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{MAIN}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{MAIN}.styles+xml"/>'
    '<Override PartName="/docProps/core.xml"'
    ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)
RELATIONS = (
    f'{PROLOGUE}<Relationships xmlns="{PACKAGES}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{PACKAGES}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
DOCUMENT_RELATIONS = (
    f'{PROLOGUE}<Relationships xmlns="{PACKAGES}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
CORE = (
    f'{PROLOGUE}<cp:coreProperties xmlns:cp="{PACKAGES}/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>'
)
DOCUMENT = f'{PROLOGUE}<w:document xmlns:w="{WORD}"><w:body>{{body}}{{section}}</w:body></w:document>'
STYLES = (
    f'{PROLOGUE}<w:styles xmlns:w="{WORD}"><w:docDefaults><w:rPrDefault><w:rPr>'
    f'<w:rFonts w:ascii="{Face.BODY.value}" w:hAnsi="{Face.BODY.value}" w:eastAsia="{Face.BODY.value}"/>'
    '<w:sz w:val="32"/><w:lang w:val="zh-CN" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style></w:styles>'
)

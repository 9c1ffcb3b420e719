"""Small files built on the spot: what an office program would write, reduced to what a test talks about."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from string import ascii_uppercase
from xml.sax.saxutils import escape

WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def make_zip(entries: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_zip_of_spaces(name: str, size: int) -> bytes:
    """A package whose one entry unpacks into ``size`` bytes, made without ever holding them."""
    buffer, block = io.BytesIO(), b" " * 1_000_000
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as entry,
    ):
        for _ in range(size // len(block)):
            entry.write(block)
    return buffer.getvalue()


def make_docx(
    body: str, *, numbering: str = "", styles: str = "", others: Mapping[str, str | bytes] | None = None
) -> bytes:
    """A Word document of this body; ``numbering`` and ``styles`` are the contents of those parts."""
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
    }
    if numbering:
        entries["word/numbering.xml"] = f"<w:numbering {WORD}>{numbering}</w:numbering>"
    if styles:
        entries["word/styles.xml"] = f"<w:styles {WORD}>{styles}</w:styles>"
    return make_zip({**entries, **(others or {})})


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(text: str = "", *, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text) if text else ''}</w:p>"


def numbered(text: str, *, list_id: int = 1, level: int = 0) -> str:
    return paragraph(text, properties=numbers(list_id, level))


def numbers(list_id: int, level: int = 0) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'


def list_level(level: int, number_format: str, text: str, *, start: int = 1, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{level}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>'
        f'{more}<w:lvlText w:val="{text}"/></w:lvl>'
    )


def abstract_list(list_id: int, *levels: str, more: str = "") -> str:
    return f'<w:abstractNum w:abstractNumId="{list_id}">{more}{"".join(levels)}</w:abstractNum>'


def list_instance(list_id: int, abstract: int, *, overrides: str = "") -> str:
    return f'<w:num w:numId="{list_id}"><w:abstractNumId w:val="{abstract}"/>{overrides}</w:num>'


def start_override(level: int, start: int) -> str:
    return f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>'


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def cell(*lines: str, properties: str = "") -> str:
    content = "".join(map(paragraph, lines)) or "<w:p/>"
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def make_xlsx(
    *sheets: str,
    strings: str = "",
    styles: str = "",
    properties: str = "",
    states: Mapping[int, str] | None = None,
    others: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook whose sheets (表1, 表2 …) have these contents; ``states`` hides some of them, counted from 1."""
    entries: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>"}
    listed, related = [], []
    for number, content in enumerate(sheets, start=1):
        state = (states or {}).get(number, "visible")
        listed.append(f'<sheet name="表{number}" sheetId="{number}" state="{state}" r:id="r{number}"/>')
        related.append(_relationship(f"r{number}", "worksheet", f"worksheets/sheet{number}.xml"))
        entries[f"xl/worksheets/sheet{number}.xml"] = f"<worksheet {SHEET}>{content}</worksheet>"
    if strings:
        related.append(_relationship("s", "sharedStrings", "sharedStrings.xml"))
        entries["xl/sharedStrings.xml"] = f"<sst {SHEET}>{strings}</sst>"
    if styles:
        related.append(_relationship("t", "styles", "styles.xml"))
        entries["xl/styles.xml"] = f"<styleSheet {SHEET}>{styles}</styleSheet>"
    content = f"{properties}<sheets>{''.join(listed)}</sheets>"
    entries["xl/workbook.xml"] = f'<workbook {SHEET} xmlns:r="{RELATIONSHIP}">{content}</workbook>'
    targets = "".join(related)
    entries["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{PACKAGE}">{targets}</Relationships>'
    return make_zip({**entries, **(others or {})})


def _relationship(key: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{key}" Type="{RELATIONSHIP}/{kind}" Target="{target}"/>'


def sheet_rows(*rows: Mapping[str, str] | Iterable[str], first: int = 1) -> str:
    """``sheetData`` of texts: a row is a list (from column A on) or a mapping from column letters to texts."""
    shown = []
    for number, texts in enumerate(rows, start=first):
        by_column = texts if isinstance(texts, Mapping) else dict(zip(ascii_uppercase, texts, strict=False))
        cells = "".join(text_cell(f"{column}{number}", text) for column, text in by_column.items() if text)
        shown.append(f'<row r="{number}">{cells}</row>')
    return f"<sheetData>{''.join(shown)}</sheetData>"


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def merged(*references: str) -> str:
    return "<mergeCells>" + "".join(f'<mergeCell ref="{reference}"/>' for reference in references) + "</mergeCells>"

"""Files that want to do harm: each ends with a message that people can read, soon and in little memory.

All of them go the way of an upload: through the reading process with its ordinary limits.
"""

from __future__ import annotations

import random
import socket
import struct
import time
import zlib

import pytest

from taskboard.documents.document import DocumentError, DocumentKind, DocumentProblem
from taskboard.documents.isolation import DEFAULT_LIMITS, read_document_safely
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.labels.documents import describe_document_problem
from tests.documents.files import (
    PACKAGE,
    RELATIONSHIP,
    WORD,
    abstract_list,
    cell,
    list_instance,
    list_level,
    make_docx,
    make_xlsx,
    make_zip,
    make_zip_of_spaces,
    numbered,
    paragraph,
    row,
    sheet_rows,
    start_override,
    table,
    text_cell,
)

pytestmark = pytest.mark.usefixtures("untouched")

MEGABYTE = 1_000_000
CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refusal_of(data: bytes, filename: str | None = None) -> DocumentProblem:
    """Why an upload is refused, after checking that it was quick and that people are told what to do."""
    started = time.monotonic()

    with pytest.raises(DocumentError) as caught:
        read_document_safely(data, filename)

    assert time.monotonic() - started < DEFAULT_LIMITS.seconds + 2
    assert "请" in describe_document_problem(caught.value.problem, caught.value.facts)
    return caught.value.problem


def docx_part(content: str | bytes) -> bytes:
    return make_docx("", others={"word/document.xml": content})


# Packages


def test_a_megabyte_that_unpacks_into_400() -> None:
    data = make_zip_of_spaces("word/document.xml", 400 * MEGABYTE)

    assert len(data) < MEGABYTE
    assert refusal_of(data) is DocumentProblem.ZIP_BOMB


def test_a_package_whose_entries_are_all_the_same_bytes() -> None:
    data = _overlapping_package(count=4_000, size=10 * MEGABYTE)

    assert len(data) < MEGABYTE
    assert refusal_of(data) is DocumentProblem.ZIP_BOMB


def test_archives_inside_archives_are_not_unpacked() -> None:
    inner = make_zip({"a": b"\x00" * MEGABYTE})
    for _ in range(5):
        inner = make_zip({f"{number}.zip": inner for number in range(10)})

    assert refusal_of(inner) is DocumentProblem.UNSUPPORTED


def test_a_bomb_beside_the_text_is_refused_even_though_nothing_reads_it() -> None:
    data = make_docx(paragraph("正文"), others={"word/media/image1.png": b"\x00" * 90 * MEGABYTE})

    assert refusal_of(data) is DocumentProblem.ZIP_BOMB


def test_a_size_that_lies() -> None:
    data = bytearray(make_zip_of_spaces("word/document.xml", 150 * MEGABYTE))
    directory = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/document.xml"))
    struct.pack_into("<L", data, directory + 24, 1_000)

    assert refusal_of(bytes(data)) is DocumentProblem.BROKEN


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_half_a_file(part: float) -> None:
    data = make_docx(paragraph("正文") * 50)

    assert refusal_of(data[: int(len(data) * part)]) is DocumentProblem.BROKEN


def test_a_package_without_the_parts_it_names() -> None:
    assert refusal_of(make_zip({"word/document2.xml": ""})) is DocumentProblem.BROKEN
    assert refusal_of(docx_part("")) is DocumentProblem.BROKEN
    assert refusal_of(docx_part("<w:document")) is DocumentProblem.BROKEN
    assert refusal_of(make_xlsx("", others={"xl/workbook.xml": "<x/>"})) is DocumentProblem.NO_TEXT


# XML


def test_an_entity_bomb() -> None:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    body = f"<w:document {WORD}><w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>"

    assert refusal_of(docx_part(f"<!DOCTYPE w [{entities}]>{body}")) is DocumentProblem.UNSAFE


def test_one_large_entity_used_very_often() -> None:
    body = f"<w:document {WORD}><w:body><w:p><w:r><w:t>{'&a;' * 50_000}</w:t></w:r></w:p></w:body></w:document>"

    assert refusal_of(docx_part(f'<!DOCTYPE w [<!ENTITY a "{"x" * 50_000}">]>{body}')) is DocumentProblem.UNSAFE


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE w SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE w [<!ENTITY % a SYSTEM "http://127.0.0.1:9/evil.dtd"> %a;]>',
    ],
)
def test_references_to_other_files(declaration: str) -> None:
    body = f"<w:document {WORD}><w:body><w:p><w:r><w:t>正文&a;</w:t></w:r></w:p></w:body></w:document>"

    assert refusal_of(docx_part(declaration + body)) is DocumentProblem.UNSAFE


def test_templates_and_pictures_on_other_machines_are_never_asked_for() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    kinds = ("attachedTemplate", "image", "frame", "subDocument", "oleObject")
    links = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONSHIP}/{kind}" Target="{address}/{kind}" TargetMode="External"/>'
        for n, kind in enumerate(kinds)
    )
    parts = f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'
    settings = f'<w:settings {WORD} xmlns:r="{RELATIONSHIP}"><w:attachedTemplate r:id="r0"/></w:settings>'
    others: dict[str, str | bytes] = {
        "word/_rels/document.xml.rels": parts,
        "word/_rels/settings.xml.rels": parts,
        "word/settings.xml": settings,
    }

    document = read_document_safely(make_docx(paragraph("正文"), others=others))

    with listening, pytest.raises(TimeoutError):
        listening.settimeout(0.2)
        listening.accept()
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["正文"]


def test_an_entity_behind_a_long_comment() -> None:
    body = f"<w:document {WORD}><w:body>{paragraph('正文')}</w:body></w:document>"

    assert refusal_of(docx_part(f"<!--{' ' * 9_000}--><!DOCTYPE w [<!ENTITY a 'b'>]>{body}")) is DocumentProblem.UNSAFE


def test_a_hundred_thousand_nested_elements() -> None:
    opening = "".join(f'<w:sdt w:id="{number * 7919:x}"><w:sdtContent>' for number in range(50_000))
    deep = opening + "</w:sdtContent></w:sdt>" * 50_000
    page = "<html><body>" + "<div>" * 100_000 + "正文"

    assert refusal_of(make_docx(deep)) is DocumentProblem.TOO_COMPLEX
    assert refusal_of(make_xlsx("<a>" * 100_000 + "</a>" * 100_000)) is DocumentProblem.TOO_COMPLEX
    assert refusal_of(page.encode()) is DocumentProblem.TOO_COMPLEX


def test_tables_nested_as_deep_as_the_parser_allows_are_still_read() -> None:
    inner = paragraph("最里层")
    for _ in range(60):
        inner = f"<w:tbl><w:tr><w:tc>{inner}</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"

    (block,) = read_document_safely(make_docx(inner)).blocks

    assert "最里层" in repr(block)


# Shapes


def test_more_empty_paragraphs_than_word_can_bear() -> None:
    paragraphs = "".join(f'<w:p w:rsid="{number * 7919:x}"/>' for number in range(101_000))

    assert refusal_of(make_docx(paragraphs)) is DocumentProblem.TOO_COMPLEX


def test_spans_without_measure() -> None:
    wide = cell("甲", properties='<w:gridSpan w:val="2147483647"/>')
    page = "<table>" + "<tr><td colspan=999 rowspan=60000>甲</td><td>乙</td></tr>" * 500 + "</table>"
    merges = "<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 20_000 + "</mergeCells>"

    assert refusal_of(make_docx(table(*[row(wide, cell("乙"))] * 250))) is DocumentProblem.TOO_COMPLEX
    assert refusal_of(f"<html><body>{page}</body></html>".encode()) is DocumentProblem.TOO_COMPLEX
    assert len(read_document_safely(make_xlsx(sheet_rows(["甲", "乙"], ["丙", "丁"]) + merges)).blocks) == 1


def test_one_long_string_in_every_cell() -> None:
    cells = ("".join(f'<c r="{column}{y}" t="s"><v>0</v></c>' for column in "ABCDEFGH") for y in range(1, 3_001))
    rows = "".join(f'<row r="{y}">{row}</row>' for y, row in enumerate(cells, start=1))

    data = make_xlsx(f"<sheetData>{rows}</sheetData>", strings=f"<si><t>{'长' * 32_000}</t></si>")

    assert refusal_of(data) is DocumentProblem.TOO_LONG


def test_references_beyond_every_sheet() -> None:
    content = f'<sheetData><row r="99999999999">{text_cell("A1", "甲")}</row></sheetData>'

    assert refusal_of(make_xlsx(content)) is DocumentProblem.BROKEN


def test_numbering_that_points_to_itself_and_beyond_its_levels() -> None:
    numbering = (
        abstract_list(
            0, list_level(0, "upperLetter", "%1%2%9"), list_level(-3, "decimal", "%1"), list_level(77, "x", "%1")
        )
        + abstract_list(1, more='<w:numStyleLink w:val="S"/>')
        + list_instance(1, 0, overrides=start_override(55, 1) + start_override(-2, 1) + start_override(0, 10**18))
        + list_instance(2, 1)
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="S"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    )
    body = numbered("甲") + numbered("乙", list_id=2) + numbered("丙", level=400) + numbered("丁", list_id=99)

    blocks = read_document_safely(make_docx(body, numbering=numbering, styles=styles)).blocks

    assert [block.text for block in blocks] == ["甲", "乙", "丙", "丁"]


def test_number_formats_and_numbers_without_measure() -> None:
    code = "0." + "0" * 5_000
    styles = f"<numFmts><numFmt numFmtId='200' formatCode='{code}'/></numFmts><cellXfs><xf numFmtId='200'/></cellXfs>"
    cells = "".join(
        f'<c s="0"><v>{number}</v></c>' for number in ("1e308", "-1e308", "1", "nan", "1e-308", "9" * 6_000)
    )

    blocks = read_document_safely(make_xlsx(f"<sheetData><row>{cells}</row></sheetData>", styles=styles)).blocks

    assert len(blocks) == 1


def test_frames_inside_frames_do_not_take_for_ever() -> None:
    nested = "<div class='nav'>" * 200 + "<p>甲</p>" * 20_000 + "</div>" * 200

    document = read_document_safely(f"<html><body>{nested}<p>{'正文' * 90_000}</p></body></html>".encode())

    assert document.kind is DocumentKind.HTML


# Text


def test_a_line_of_a_hundred_megabytes() -> None:
    assert refusal_of(b"x" * 104_857_600) is DocumentProblem.TOO_LARGE


def test_a_line_just_within_the_upload_limit() -> None:
    assert refusal_of("督".encode() * 16 * MEGABYTE) is DocumentProblem.TOO_LONG


def test_millions_of_lines() -> None:
    assert refusal_of("督\n".encode("gb18030") * 12 * MEGABYTE) is DocumentProblem.TOO_LONG


def test_random_bytes_are_no_text() -> None:
    noise = random.Random(7)

    for size in (1_000, 100_000, 5 * MEGABYTE):
        assert refusal_of(noise.randbytes(size)) in {DocumentProblem.BINARY, DocumentProblem.ENCODING}


def test_random_bytes_behind_the_mark_of_a_format_are_no_document() -> None:
    noise = random.Random(8).randbytes(50_000)

    assert refusal_of(b"PK\x03\x04" + noise) is DocumentProblem.BROKEN
    assert refusal_of(CONTAINER + noise) is DocumentProblem.UNSUPPORTED
    assert refusal_of(b"%PDF-1.7" + noise) is DocumentProblem.BROKEN


# Passwords and names


def test_office_files_with_a_password() -> None:
    container = CONTAINER + b"\x00" * 2_000 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 2_000

    assert refusal_of(container, "方案.docx") is DocumentProblem.ENCRYPTED


def test_zip_packages_with_a_password() -> None:
    data = bytearray(make_docx(paragraph("正文")))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(header)
        while start >= 0:
            data[start + offset] |= 0x1
            start = data.find(header, start + 1)

    assert refusal_of(bytes(data)) is DocumentProblem.ENCRYPTED


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (make_docx(paragraph("正文")), "方案.txt", DocumentKind.DOCX),
        (make_docx(paragraph("正文")), "方案.pdf", DocumentKind.DOCX),
        (make_xlsx(sheet_rows(["正文"])), "方案.doc", DocumentKind.XLSX),
        ("<html><body>正文</body></html>".encode(), "方案.doc", DocumentKind.HTML),
        ("正文".encode("gb18030"), "方案.docx", DocumentKind.TEXT),
        ("正文".encode(), None, DocumentKind.TEXT),
        ("正文".encode(), "../../etc/\x00passwd", DocumentKind.TEXT),
    ],
)
def test_the_content_and_not_the_name_decides(data: bytes, name: str | None, kind: DocumentKind) -> None:
    document = read_document_safely(data, name)

    assert document.kind is kind
    assert [block.text for block in document.blocks] == ["正文"]


def _overlapping_package(*, count: int, size: int) -> bytes:
    """A zip whose directory names the same packed bytes ``count`` times."""
    plain = b"\x00" * size
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(plain) + packer.flush()
    sizes = struct.pack("<LLL", zlib.crc32(plain), len(packed), len(plain))
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 1, 0) + b"a" + packed
    directory = b""
    for number in range(count):
        name = b"word/document%d.xml" % number
        directory += b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
        directory += struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), len(local), 0)
    return local + directory + end

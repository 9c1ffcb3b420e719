"""PDF and old Office files that want to do harm: each is read, or ends with a message that people can read."""

from __future__ import annotations

import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from taskboard.documents.document import Document, DocumentError, DocumentKind, DocumentProblem
from taskboard.documents.isolation import DEFAULT_LIMITS, read_document_safely
from taskboard.labels.documents import describe_document_problem
from tests.documents.files import make_docx, paragraph
from tests.documents.pdf_files import SONG, column, join_objects, make_pdf, picture, stream, text

MEGABYTE = 1_000_000
SENTENCE = "推进数字乡村建设，完善农村基础设施。"
DOC = (Path(__file__).parent.parent / "data/documents/numbered.doc").read_bytes()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
SECTOR = 512

pytestmark = pytest.mark.usefixtures("untouched")


def outcome_of(data: bytes, filename: str | None = None) -> Document | DocumentProblem:
    """The document, or why the upload is refused; either way soon, and with words that say what to do."""
    started = time.monotonic()
    try:
        return read_document_safely(data, filename)
    except DocumentError as error:
        assert "请" in describe_document_problem(error.problem, error.facts)
        return error.problem
    finally:
        assert time.monotonic() - started < DEFAULT_LIMITS.seconds + 3


def page_object(*, contents: str = "4 0 R", resources: str = "", more: str = "") -> bytes:
    return (
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {contents}{more}"
        f"/Resources<</Font<</F 5 0 R>>{resources}>>>>"
    ).encode()


def one_page(content: bytes, *others: bytes, resources: str = "", more: str = "", contents: str = "4 0 R") -> bytes:
    """A file with one page; its stream is object 4, its font object 5, the others come after it."""
    page = page_object(contents=contents, resources=resources, more=more)
    return join_objects([CATALOG, ONE_PAGE, page, content, SONG, *others])


TEXT = stream(text(SENTENCE, 72, 100).encode())


def nested_flate(size: int, depth: int) -> bytes:
    """A stream packed so many times over that each filter unpacks a bomb for the next."""
    packed = b" " * size
    for _ in range(depth):
        packed = zlib.compress(packed, 9)
    filters = b"/FlateDecode" * depth
    return b"<</Length %d/Filter[%s]>>\nstream\n%s\nendstream" % (len(packed), filters, packed)


def pages_in_a_circle() -> bytes:
    inner = b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R 3 0 R]/Count 2>>"
    return join_objects([CATALOG, b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 9>>", inner])


def page_tree_as_deep_as(depth: int) -> bytes:
    levels = [
        b"<</Type/Pages/Kids[%d 0 R]/Count 1/Parent %d 0 R>>" % (number + 3, number + 1) for number in range(depth)
    ]
    return join_objects([CATALOG, *levels, b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]>>" % (depth + 1)])


def form(content: str, resources: str) -> bytes:
    more = f"/Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<<{resources}>>"
    return stream(content.encode(), more=more.encode())


def forms_within_forms(depth: int, times: int) -> bytes:
    """Each form shows the next one so many times: times ** depth in all."""
    shown = "/X Do " * times
    chain = [form(shown, f"/XObject<</X {7 + number} 0 R>>") for number in range(depth)]
    return one_page(stream(b"/X Do"), *chain, form("0 0 m 9 9 l S", ""), resources="/XObject<</X 6 0 R>>")


def form_that_shows_itself(times: int) -> bytes:
    inner = form("/X Do " * times, "/XObject<</X 6 0 R>>")
    return one_page(stream(b"/X Do"), inner, resources="/XObject<</X 6 0 R>>")


def encrypted(handler: str) -> bytes:
    secret = "<" + "5a" * 32 + ">"
    more = f"/Encrypt<</Filter/{handler}/V 1/R 2/O{secret}/U{secret}/P -44>>/ID[<00><00>]"
    return join_objects([CATALOG, ONE_PAGE, page_object(), TEXT, SONG], trailer=more)


def with_trailer(more: str) -> bytes:
    return join_objects([CATALOG, ONE_PAGE, page_object(), TEXT, SONG], trailer=more)


def glyph_that_shows_itself() -> bytes:
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97/Widths[9]"
        b"/Encoding<</Differences[97/a]>>/CharProcs<</a 7 0 R>>/Resources<</Font<</T 6 0 R>>>>>>"
    )
    glyph = stream(b"BT /T 9 Tf (aaaa) Tj ET")
    return one_page(stream(b"BT /T 9 Tf 9 9 Td (aaaa) Tj ET"), font, glyph, resources="/Font<</T 6 0 R>>")


def font_map(content: str) -> bytes:
    font = SONG.replace(b"/Encoding/UniGB-UCS2-H", b"/Encoding/Identity-H/ToUnicode 6 0 R")
    page = page_object()
    return join_objects([CATALOG, ONE_PAGE, page, TEXT, font, stream(content.encode())])


def with_main_bytes(offset: int, value: bytes) -> bytes:
    place = DOC.index(b"\xec\xa5", SECTOR) + offset
    return DOC[:place] + value + DOC[place + len(value) :]


def with_sectors_in_a_circle() -> bytes:
    """Every sector is followed by the first one."""
    (first,) = struct.unpack_from("<I", DOC, 76)
    place = SECTOR * (first + 1)
    return DOC[:place] + struct.pack("<I", 0) * 128 + DOC[place + SECTOR :]


def with_difat_in_a_circle() -> bytes:
    damaged = bytearray(DOC)
    struct.pack_into("<II", damaged, 68, 0, 1_000_000)
    struct.pack_into("<I", damaged, 44, 1_000_000)
    return bytes(damaged)


def with_folders_in_a_circle() -> bytes:
    """Every entry of the directory has itself at both sides and below."""
    damaged = bytearray(DOC)
    (directory,) = struct.unpack_from("<I", DOC, 48)
    for number in range(4):
        struct.pack_into("<III", damaged, SECTOR * (directory + 1) + 128 * number + 68, number, number, number)
    return bytes(damaged)


REFUSED: dict[str, tuple[Callable[[], bytes], set[DocumentProblem]]] = {
    "a page tree in a circle": (pages_in_a_circle, {DocumentProblem.BROKEN, DocumentProblem.NO_TEXT}),
    "a page tree as deep as a well": (
        lambda: page_tree_as_deep_as(20_000),
        {DocumentProblem.BROKEN, DocumentProblem.NO_TEXT, DocumentProblem.CRASHED},
    ),
    "two thousand million pages by its own account": (
        lambda: join_objects([CATALOG, b"<</Type/Pages/Kids[]/Count 2000000000>>"]),
        {DocumentProblem.BROKEN, DocumentProblem.TOO_MANY_PAGES},
    ),
    "fewer pages than none": (
        lambda: join_objects([CATALOG, b"<</Type/Pages/Kids[]/Count -5>>"]),
        {DocumentProblem.BROKEN, DocumentProblem.NO_TEXT},
    ),
    "a catalogue that is its own page tree": (
        lambda: join_objects([b"<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 1>>"]),
        {DocumentProblem.BROKEN, DocumentProblem.NO_TEXT},
    ),
    "a bomb behind one filter": (
        lambda: one_page(nested_flate(300 * MEGABYTE, 1)),
        {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED, DocumentProblem.TOO_COMPLEX, DocumentProblem.TOO_SLOW},
    ),
    "a bomb behind a chain of filters": (
        lambda: one_page(nested_flate(200 * MEGABYTE, 3)),
        {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED, DocumentProblem.TOO_COMPLEX, DocumentProblem.TOO_SLOW},
    ),
    "a small bomb behind a chain of filters": (
        lambda: one_page(nested_flate(20 * MEGABYTE, 3)),
        {DocumentProblem.NO_TEXT},
    ),
    "a chain of a thousand filters": (lambda: one_page(nested_flate(1_000, 1_000)), {DocumentProblem.NO_TEXT}),
    "forms shown ten thousand million times": (
        lambda: forms_within_forms(10, 10),
        {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED, DocumentProblem.TOO_SLOW},
    ),
    "forms shown a hundred thousand times": (
        lambda: forms_within_forms(5, 10),
        {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED},
    ),
    "a form that shows itself": (lambda: form_that_shows_itself(1), {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED}),
    "a form that shows itself twice": (
        lambda: form_that_shows_itself(2),
        {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED, DocumentProblem.TOO_SLOW},
    ),
    "a stream that says it is its own length": (
        lambda: one_page(b"<</Length 4 0 R>>\nstream\nBT ET\nendstream"),
        {DocumentProblem.NO_TEXT, DocumentProblem.BROKEN},
    ),
    "brackets within brackets": (
        lambda: one_page(stream(b"[" * 500_000)),
        {DocumentProblem.NO_TEXT, DocumentProblem.CRASHED},
    ),
    "dictionaries within dictionaries": (
        lambda: join_objects([CATALOG, ONE_PAGE, b"<</A" * 100_000 + b">>" * 100_000]),
        {DocumentProblem.NO_TEXT, DocumentProblem.BROKEN, DocumentProblem.CRASHED},
    ),
    "a million saved states": (lambda: one_page(stream(b"q " * 1_000_000)), {DocumentProblem.NO_TEXT}),
    "a picture as large as a town": (
        lambda: one_page(
            stream(b"600 0 0 800 0 0 cm /P Do"),
            b"<</Type/XObject/Subtype/Image/Width 2000000/Height 2000000/BitsPerComponent 8/ColorSpace/DeviceRGB"
            b"/Length 3/Filter/FlateDecode>>\nstream\nabc\nendstream",
            resources="/XObject<</P 6 0 R>>",
        ),
        {DocumentProblem.SCANNED},
    ),
    "a book of more characters than any plan": (
        lambda: make_pdf(*[column(["督" * 90] * 60)] * 400),
        {DocumentProblem.TOO_LONG, DocumentProblem.TOO_SLOW},
    ),
    "pages full of the same": (
        lambda: make_pdf(*[text("督" * 30_000, 72, 100)] * 80),
        {DocumentProblem.TOO_LONG, DocumentProblem.TOO_SLOW},
    ),
    "a password": (lambda: encrypted("Standard"), {DocumentProblem.ENCRYPTED}),
    "a lock that nobody knows": (lambda: encrypted("Nobody.Knows"), {DocumentProblem.ENCRYPTED}),
    "nothing behind its mark": (lambda: b"%PDF-1.7\n", {DocumentProblem.BROKEN}),
    "random bytes as an old Office file": (
        lambda: OLE + random.Random(3).randbytes(50_000),
        {DocumentProblem.UNSUPPORTED},
    ),
    "random bytes that mention Word": (
        lambda: OLE + random.Random(3).randbytes(5_000) + "WordDocument".encode("utf-16-le"),
        {DocumentProblem.BROKEN},
    ),
    "an old Office file whose sectors run in a circle": (with_sectors_in_a_circle, {DocumentProblem.BROKEN}),
    "an old Office file whose list of sectors runs in a circle": (
        with_difat_in_a_circle,
        {DocumentProblem.BROKEN},
    ),
    "an old Office file whose folders hold themselves": (with_folders_in_a_circle, {DocumentProblem.BROKEN}),
    "a text of four thousand million characters": (
        lambda: with_main_bytes(0x4C, b"\xff\xff\xff\x7f"),
        {DocumentProblem.TOO_LONG, DocumentProblem.BROKEN},
    ),
    "a workbook of the old kind": (
        lambda: OLE + b"\0" * 2_000 + "Workbook".encode("utf-16-le") + b"\0" * 2_000,
        {DocumentProblem.UNSUPPORTED},
    ),
}

TAKES_SECONDS = {
    "a bomb behind one filter",
    "a bomb behind a chain of filters",
    "forms shown ten thousand million times",
    "a form that shows itself twice",
    "pages full of the same",
    "a book of more characters than any plan",
    "a workbook of the old kind",
}
"""these have smaller sisters in the ordinary suite"""

READ: dict[str, Callable[[], bytes]] = {
    "a reference table that goes on in itself": lambda: with_trailer("/Prev 9"),
    "a reference table that goes on beyond the file": lambda: with_trailer("/Prev 999999999"),
    "a script that wants to run": lambda: with_trailer("/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
    "a program that wants to start": lambda: join_objects(
        [b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>>>", ONE_PAGE, page_object(), TEXT, SONG]
    ),
    "a page that is a stranger's": lambda: one_page(TEXT, more="/AA<</O<</S/URI/URI(http://127.0.0.1:9/)>>>>"),
    "a page without measure": lambda: one_page(TEXT).replace(b"[0 0 595 842]", b"[-1e38 -1e38 1e38 9e99]"),
    "a page turned by no quarter": lambda: one_page(TEXT, more="/Rotate 1234567"),
    "a thousand times the same contents": lambda: one_page(TEXT, contents=f"[{'4 0 R ' * 1_000}]"),
    "a glyph that shows itself": lambda: join_pages(glyph_that_shows_itself()),
    "lines without number": lambda: make_pdf(column([SENTENCE]) + "1 1 m 9 9 l S " * 100_000),
    "a line of a million corners": lambda: make_pdf(column([SENTENCE]) + "1 1 m " + "9 9 l " * 1_000_000 + "S"),
    "a grid of a thousand lines": lambda: make_pdf(
        column([SENTENCE])
        + "".join(f"{n} 0 m {n} 842 l S " for n in range(500))
        + "".join(f"0 {n} m 595 {n} l S " for n in range(490))
    ),
    "thirty thousand characters in one place": lambda: make_pdf(text("督" * 1_000, 72, 100) * 30),
    "a text that is very large": lambda: make_pdf(text(SENTENCE, 72, 100, size=1e30)),
    "a text that is very small": lambda: make_pdf(text(SENTENCE, 72, 100, size=1e-30)),
    "a map of characters without end": lambda: font_map(
        "1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0000> <ffffffff> <4e00> endbfrange"
    ),
    "a document within a wrong name": lambda: make_pdf(column([SENTENCE])),
}


def join_pages(data: bytes) -> bytes:
    """The same file with a line of ordinary text, so that there is something to read."""
    return data.replace(b"/Contents 4 0 R", b"/Contents[4 0 R 8 0 R]") if b"8 0 obj" in data else data


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.deep) if name in TAKES_SECONDS else name for name in REFUSED]
)
def test_it_is_refused_with_a_message(name: str) -> None:
    make, problems = REFUSED[name]

    assert outcome_of(make()) in problems


@pytest.mark.parametrize("name", READ)
def test_it_is_read_or_refused_without_harm(name: str) -> None:
    outcome = outcome_of(READ[name](), "方案.docx")

    if isinstance(outcome, Document):
        assert outcome.kind is DocumentKind.PDF
    else:
        assert outcome in {DocumentProblem.NO_TEXT, DocumentProblem.BROKEN}


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_part_of_a_file(part: float) -> None:
    data = make_pdf(*[column([SENTENCE] * 20)] * 5)

    assert outcome_of(data[: int(len(data) * part)]) in {DocumentProblem.BROKEN, DocumentProblem.NO_TEXT} or part >= 0.3


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (make_pdf(column([SENTENCE])), "方案.doc", DocumentKind.PDF),
        (b"\r\n\r\n" + make_pdf(column([SENTENCE])), "方案.txt", DocumentKind.PDF),
        (DOC, "方案.wps", DocumentKind.DOC),
        (DOC, "方案.pdf", DocumentKind.DOC),
        (make_docx(paragraph("正文")), "方案.wps", DocumentKind.DOCX),
    ],
)
def test_the_content_and_not_the_name_decides(data: bytes, name: str, kind: DocumentKind) -> None:
    outcome = outcome_of(data, name)

    assert isinstance(outcome, Document)
    assert outcome.kind is kind


def test_damaged_files_never_surprise() -> None:
    chance = random.Random(5)
    data = make_pdf(column([SENTENCE] * 10), picture())
    for _ in range(25):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 5, 40])):
            damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
        outcome_of(bytes(damaged))


def test_a_hundred_thousand_objects() -> None:
    data = join_objects([CATALOG, ONE_PAGE, page_object(), TEXT, SONG, *[b"0"] * 100_000])

    assert isinstance(outcome_of(data), Document)


@pytest.mark.deep
def test_a_million_objects() -> None:
    data = join_objects([CATALOG, ONE_PAGE, page_object(), TEXT, SONG, *[b"0"] * 1_000_000])

    assert isinstance(outcome_of(data), Document)

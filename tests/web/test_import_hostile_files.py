"""Hostile files through the pages: a message, a server that goes on as before, and nothing stored anywhere."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from taskboard.models import Attachment, HistoryEntry, ImportDraft, Plan, Scan
from tests.documents import test_hostile_files as packages
from tests.documents import test_hostile_pdf as pdfs
from tests.documents.files import WORD, make_docx, make_xlsx, make_zip, make_zip_of_spaces, paragraph
from tests.support.importing import TEXT, draft_of, errors_of, upload

TABLES = (ImportDraft, Plan, Scan, Attachment, HistoryEntry)
ENTITIES = f'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document {WORD}><w:body/></w:document>'

FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a bomb as a Word file": ("方案.docx", lambda: make_zip_of_spaces("word/document.xml", 150_000_000)),
    "a Word file that asks for another file": ("方案.docx", lambda: packages.docx_part(ENTITIES)),
    "half a Word file": ("方案.docx", lambda: make_docx(paragraph("正文") * 50)[:500]),
    "a workbook nested without end": ("台账.xlsx", lambda: make_xlsx("<a>" * 100_000 + "</a>" * 100_000)),
    "a text called a workbook": ("bad.xlsx", lambda: b"hello"),
    "a page nested without end": ("方案.html", lambda: b"<html><body>" + b"<div>" * 100_000 + b"text"),
    "a PDF whose pages run in a circle": ("方案.pdf", pdfs.pages_in_a_circle),
    "a PDF behind many filters": ("方案.pdf", lambda: pdfs.one_page(pdfs.nested_flate(1_000, 1_000))),
    "a PDF with a password": ("方案.pdf", lambda: pdfs.encrypted("Standard")),
    "an old Word file in a circle": ("方案.doc", pdfs.with_sectors_in_a_circle),
    "a national file without pages": ("方案.ofd", lambda: make_zip({"OFD.xml": "<ofd:OFD xmlns:ofd='x'/>"})),
    "a saved page in nothing": ("方案.mht", lambda: b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n--"),
    "archives in archives": ("方案.zip", lambda: make_zip({f"{n}.zip": make_zip({"a": b"\0" * 10_000}) for n in "ab"})),
    "a picture that is none": ("扫描.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100)),
    "a text longer than any plan": ("方案.txt", lambda: "督\n".encode("gb18030") * 5_000_000),
    "bytes that are no text": ("方案.txt", lambda: bytes(range(256)) * 40),
    "nothing at all": ("方案.txt", lambda: b""),
}


def stored(session):
    session.rollback()
    return {table.__name__: session.query(table).count() for table in TABLES}


def files_in(folder: Path) -> set[str]:
    """What lies there, the database's own files left out, which may come and go."""
    return {str(path) for path in folder.rglob("*") if not path.name.startswith("taskboard.db")}


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch):
    """The folder in which this process and those that it starts put what they do not keep."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_with_a_message_and_leaves_nothing_behind(chen, session, settings, temporary, name):
    filename, make = FILES[name]
    before, beside = stored(session), files_in(settings.instance_dir)
    process, threads = os.getpid(), threading.active_count()

    answer = upload(chen, make(), filename)

    assert answer.status_code in {413, 415, 422}
    assert "请" in errors_of(answer)
    assert stored(session) == before
    assert files_in(settings.instance_dir) == beside
    assert list(temporary.iterdir()) == []
    assert (os.getpid(), threading.active_count()) == (process, threads)
    assert chen.get("/imports/new").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_ordinary_file_is_read_right_after_hostile_ones(chen, session):
    for filename, make in FILES.values():
        chen.post("/imports/new", file=(BytesIO(make()), filename))

    answer = upload(chen, TEXT.encode())

    assert answer.status_code == 303
    assert chen.get(answer.location).status_code == 200
    assert stored(session)["ImportDraft"] == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("content", "name"), [(b"hello", "bad.xlsx"), ("附件".encode(), "附件.txt"), (b"1,2,3\n4,5,6\n", "a.csv")]
)
def test_a_scrap_without_anything_like_a_measure_says_what_to_do(chen, session, content, name):
    answer = upload(chen, content, name)

    assert answer.status_code == 422
    assert "没有像举措的内容" in errors_of(answer)
    assert "请粘贴完整的计划正文" in errors_of(answer)
    assert stored(session)["ImportDraft"] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "text", ["1.修缮中心小学校舍。\n2.整治城区内河河道。\n", "关于进一步做好岁末年初各项重点工作的有关情况说明" * 3]
)
def test_a_short_document_with_items_and_a_longer_one_without_any_are_opened(chen, session, text):
    address = draft_of(chen, text)

    assert chen.get(address).status_code == 200

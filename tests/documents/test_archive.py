"""Zip packages: what is let in."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from taskboard.documents.archive import MAX_ENTRIES, Archive
from taskboard.documents.document import DocumentError, DocumentProblem
from tests.documents.files import make_zip, make_zip_of_spaces


def problem_of(data: bytes, name: str = "a") -> DocumentProblem:
    with pytest.raises(DocumentError) as caught:
        Archive(data).read(name)
    return caught.value.problem


def test_entries_are_read_by_name_however_the_slashes_are_written() -> None:
    archive = Archive(make_zip({"word\\document.xml": "甲", "/other.xml": "乙"}))

    assert archive.read("word/document.xml").decode() == "甲"
    assert archive.read("other.xml").decode() == "乙"
    assert archive.find("missing.xml") is None


def test_a_package_that_unpacks_into_too_much_is_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskboard.documents.archive.MAX_UNPACKED_BYTES", 1_000)

    assert problem_of(make_zip({"a": b"x" * 501, "b": b"x" * 501})) is DocumentProblem.ZIP_BOMB
    assert Archive(make_zip({"a": b"x" * 500, "b": b"x" * 500})).read("a") == b"x" * 500


def test_a_large_entry_that_packs_far_too_well_is_a_bomb() -> None:
    assert problem_of(make_zip({"a": b"\x00" * 2_000_000})) is DocumentProblem.ZIP_BOMB


def test_a_small_entry_may_pack_well() -> None:
    assert len(Archive(make_zip({"a": b"\x00" * 900_000})).read("a")) == 900_000


def test_too_many_entries_are_a_bomb() -> None:
    assert problem_of(make_zip({str(number): b"" for number in range(MAX_ENTRIES + 1)})) is DocumentProblem.ZIP_BOMB


def test_sizes_that_lie_do_not_get_through() -> None:
    # The directory claims 1,000 bytes where 150 million come out, so it passes the first look.
    data = bytearray(make_zip_of_spaces("a", 150_000_000))
    directory = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, directory + 24, 1_000)

    assert problem_of(bytes(data)) is DocumentProblem.BROKEN


def test_an_entry_that_is_not_there_or_damaged_is_said_to_be_broken() -> None:
    data = bytearray(make_zip({"a": b"hello world, hello world"}))
    data[35] ^= 0xFF

    assert problem_of(bytes(data)) is DocumentProblem.BROKEN
    assert problem_of(make_zip({"b": b""})) is DocumentProblem.BROKEN


def test_packing_that_office_files_never_use_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", "hello")

    assert problem_of(buffer.getvalue()) is DocumentProblem.BROKEN


def test_half_a_package_is_broken() -> None:
    data = make_zip({"a": b"hello"})

    assert problem_of(data[: len(data) // 2]) is DocumentProblem.BROKEN


def test_an_entry_with_a_password_is_encrypted() -> None:
    data = bytearray(make_zip({"a": b"hello"}))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + offset] |= 0x1

    assert Archive(bytes(data)).is_encrypted
    assert problem_of(bytes(data)) is DocumentProblem.ENCRYPTED

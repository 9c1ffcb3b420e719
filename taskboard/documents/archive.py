"""Zip packages (docx, xlsx, ofd) opened with limits, so that a small upload cannot unpack into a flood."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable

from taskboard.documents.document import DocumentError, DocumentProblem

MAX_UNPACKED_BYTES = 200_000_000
MAX_ENTRIES = 5_000
MAX_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 1_000_000
"""below this size a high ratio is ordinary: an empty style sheet packs very well"""

OFFICE_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""the only methods that the formats allow (ISO/IEC 29500-2, annex C); others cost memory as they please"""
ENCRYPTED_FLAG = 0x1
CHUNK = 1 << 16


class Archive:
    """The entries of a zip package, by name; what its headers promise was checked, what it delivers is counted.

    Raises ``DocumentError``: broken, encrypted or zip_bomb.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            raise DocumentError(DocumentProblem.BROKEN) from error
        entries = self._zip.infolist()
        _refuse_bomb(entries)
        self._entries = {_plain_name(entry.filename): entry for entry in entries}
        self._allowance = MAX_UNPACKED_BYTES

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._entries)

    @property
    def is_encrypted(self) -> bool:
        return any(entry.flag_bits & ENCRYPTED_FLAG for entry in self._entries.values())

    def read(self, name: str) -> bytes:
        """The bytes of one entry; raises when it is missing, damaged, or larger than the package's limits allow."""
        content = self.find(name)
        if content is None:
            raise DocumentError(DocumentProblem.BROKEN)
        return content

    def find(self, name: str) -> bytes | None:
        """The bytes of one entry, or ``None`` when the package has none of this name."""
        entry = self._entries.get(_plain_name(name))
        if entry is None:
            return None
        if entry.flag_bits & ENCRYPTED_FLAG:
            raise DocumentError(DocumentProblem.ENCRYPTED)
        if entry.compress_type not in OFFICE_COMPRESSION:
            raise DocumentError(DocumentProblem.BROKEN)
        try:
            return self._unpack(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
            raise DocumentError(DocumentProblem.BROKEN) from error

    def _unpack(self, entry: zipfile.ZipInfo) -> bytes:
        # Sizes in a zip's directory are claims, so the bytes that really come out are counted against the limit.
        parts: list[bytes] = []
        with self._zip.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                self._allowance -= len(chunk)
                if self._allowance < 0:
                    raise DocumentError(DocumentProblem.ZIP_BOMB)
                parts.append(chunk)
        return b"".join(parts)


def _refuse_bomb(entries: Iterable[zipfile.ZipInfo]) -> None:
    total = count = 0
    for entry in entries:
        count += 1
        total += entry.file_size
        swollen = entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        if total > MAX_UNPACKED_BYTES or (swollen and entry.file_size > RATIO_COUNTS_FROM_BYTES):
            raise DocumentError(DocumentProblem.ZIP_BOMB)
    if count > MAX_ENTRIES:
        raise DocumentError(DocumentProblem.ZIP_BOMB)


def _plain_name(name: str) -> str:
    # Some producers write back slashes or a leading slash; Office opens those files too.
    return name.replace("\\", "/").lstrip("/")

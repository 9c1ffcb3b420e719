"""Files that come with a form: on the disk before the transaction that keeps them, and away again where none did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage

from taskboard.extensions import current_settings, read_session
from taskboard.services import attachment_files
from taskboard.services.attachments import Upload, list_kept
from taskboard.web.forms import clean_line


@contextmanager
def stored(field: MultipleFileField) -> Iterator[list[Upload]]:
    """The files of the field, put into their folder; raises :class:`Invalid` for one that is empty or too large.

    Within it they are kept by a transaction; those that were not, because it failed or the form was sent before, go.
    """
    limit = current_settings().max_attachment_bytes
    uploads: list[Upload] = []
    try:
        for sent in chosen(field):
            name = _name(sent)
            file = attachment_files.store(attachment_folder(), sent.stream, name=name, limit=limit)
            uploads.append(Upload(file, name))
        yield uploads
    finally:
        if uploads:
            kept = list_kept(read_session(), uploads)
            attachment_files.discard(attachment_folder(), [one.file for one in uploads if one.file.id not in kept])


def chosen(field: Any) -> list[FileStorage]:
    """The files that were sent; a browser sends an empty one for a field that was left alone."""
    return [sent for sent in field.data or [] if isinstance(sent, FileStorage) and sent.filename]


def attachment_folder() -> Path:
    """Where the files of this installation lie."""
    return current_settings().instance_dir / attachment_files.FOLDER_NAME


def _name(sent: FileStorage) -> str:
    """What people call the file: some browsers send the whole path, and control characters are nobody's name."""
    return clean_line((sent.filename or "").replace("\\", "/").rpartition("/")[2]) or "未命名"

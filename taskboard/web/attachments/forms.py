"""Forms for files on tasks."""

from __future__ import annotations

from flask_wtf.file import MultipleFileField
from wtforms import IntegerField
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from taskboard.web.forms import Form


class UploadForm(Form):
    """Files for one assignment; for the task itself where no assignment is named."""

    files = MultipleFileField("附件")
    assignment_id = IntegerField(widget=HiddenInput(), validators=[Optional()])


class RemovalForm(Form):
    """The removal of one file."""

"""What all forms share: Chinese messages, clean text, days, choices from enums, and a key against double sending."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than the stubs
from wtforms.validators import InputRequired, StopValidation, ValidationError
from wtforms.widgets import HiddenInput, TextInput

from taskboard.domain.errors import Invalid
from taskboard.domain.lights import Light
from taskboard.labels import label
from taskboard.labels.errors import problem_words
from taskboard.web.typed import read_day, read_whole

LARGEST_ID = 2**31 - 1
"""the largest value of an integer column on PostgreSQL"""
LENGTH_OF_IDS = len(str(LARGEST_ID))
REQUEST_KEY_LENGTH = 64

Kind = TypeVar("Kind", bound=StrEnum)


def key_of(request_key: str | None, values: Mapping[str, Any]) -> str:
    """What makes a form that is sent twice act once.

    It goes by what was filled in, too: who comes back to the page, changes the text and sends it again, means it.
    """
    # The version is what the page knew, not what the person wants; each time a file is sent it gets another id.
    wanted = sorted((name, str(value)) for name, value in values.items() if name not in ("version", "uploads"))
    wanted += [("file", one.file.sha256) for one in values.get("uploads", ())]
    return hashlib.sha256(f"{request_key}{wanted}".encode()).hexdigest()[:40]


def clean_line(text: str | None) -> str:
    """One line without control characters (no database column can keep a NUL), characters of no width, and blanks at
    its ends."""
    return " ".join(_printable(text or "", keep="").split())


def clean_text(text: str | None) -> str:
    """Several lines, with plain line ends and without other control characters."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _printable(lines, keep="\n\t").strip()


def _printable(text: str, *, keep: str) -> str:
    """The text with a blank for each control character and without those of no width (U+200B, a byte order mark): two
    names that differ in nothing one can see would be two departments."""
    shown = (char for char in text if unicodedata.category(char) != "Cf")
    return "".join(char if char in keep or unicodedata.category(char) not in ("Cc", "Cs") else " " for char in shown)


class Form(FlaskForm):  # type: ignore[misc] # Flask-WTF has no types
    """Base of all forms. ``request_key`` is the same however often one filled-in form is sent."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        locales = ("zh",)

    request_key = HiddenField(default=lambda: secrets.token_urlsafe(16))

    def validate_request_key(self, field: HiddenField) -> None:
        if not field.data or len(field.data) > REQUEST_KEY_LENGTH:
            field.data = secrets.token_urlsafe(16)

    def keep_apart(self, place: str) -> None:
        """Give the fields ids of their own where several forms stand on one page; the names stay plain."""
        for field in self:
            field.id = field.label.field_id = f"{place}-{field.name}"

    def show_problem(self, error: Invalid) -> None:
        """Put what a service found wrong beside its field, or above the form where it has no field of that name."""
        words = problem_words(error)
        field = self._fields.get(error.field)
        if field is None or isinstance(field, HiddenField):
            self.form_errors.append(words)
        else:
            field.errors = [*field.errors, words]

    def show_problems(self, errors: Iterable[Invalid]) -> None:
        """Put all of them where they belong; a field that says already what is wrong with it is left alone."""
        for error in errors:
            field = self._fields.get(error.field)
            if field is None or not field.errors:
                self.show_problem(error)


class VersionField(IntegerField):
    """The version of the row that the form was filled in from."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None


class VersionedForm(Form):
    """A form that changes a row: the service compares ``version`` with the row's own."""

    version = VersionField()

    @property
    def known_version(self) -> int:
        """The version that came with the form; 0, which no row has, where it is missing or not a number."""
        return self.version.data or 0

    def show_version(self, version: int) -> None:
        """After a conflict: the version that was just shown, so that saving again is a decision and not a refusal."""
        self.version.raw_data = None
        self.version.data = version


Changes = list[tuple[str, str, str]]
"""what others saved meanwhile beside what was typed: the field's words, theirs, yours"""


def differing(fields: Iterable[tuple[str, str, str]]) -> Changes:
    """Of a form that somebody else was quicker with, the fields that the two filled in differently."""
    return [(words, theirs, yours) for words, theirs, yours in fields if theirs != yours]


class Required(InputRequired):
    """The field must be filled in; blanks alone do not count."""

    def __init__(self, message: str = "请填写此项。") -> None:
        super().__init__(message)
        self.words = message

    def __call__(self, form: Any, field: Field) -> None:
        super().__call__(form, field)
        # Blanks are something to InputRequired, and nothing to the field that read them.
        is_nothing = field.data is None and not field.process_errors
        if is_nothing or (isinstance(field.data, str) and not field.data):
            field.errors = []
            raise ValidationError(self.words)


class MaxLength:
    """At most so many characters, the most that the column keeps."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.field_flags = {"maxlength": limit}

    def __call__(self, _form: Any, field: Field) -> None:
        length = len(field.data or "")
        if length > self.limit:
            raise ValidationError(f"最多 {self.limit} 个字，现在是 {length} 个字。")


class LineField(StringField):
    """One line of text."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = clean_line(valuelist[0])


class TextField(TextAreaField):
    """Several lines of text."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = clean_text(valuelist[0])


class DayField(Field):
    """A day typed as 2026-11-21, also with dots, slashes or 年月日; ``data`` is a date or None."""

    widget = TextInput()
    data: date | None

    @property
    def day(self) -> date:
        """The day of a field that had to be filled in, once the form has passed."""
        assert self.data is not None, f"{self.name} is not required"
        return self.data

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        self.data = read_day(valuelist[0] if valuelist else None)


class WholeNumberField(IntegerField):
    """A whole number, typed in any width."""

    is_percent = False

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        self.data = read_whole(valuelist[0] if valuelist else None, is_percent=self.is_percent)

    def pre_validate(self, _form: Any) -> None:
        # What is no number lies in no range either, and one answer is enough.
        if self.process_errors:
            raise StopValidation


class PercentField(WholeNumberField):
    """The same, with or without the sign of a percent."""

    is_percent = True


def choices(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """What a select or radio field offers: values with their words."""
    return [SelectChoice(value, words) for value, words in pairs]


class EnumField(SelectField):
    """A choice among values of a domain enum, shown by their labels; ``blank`` offers none of them in these words."""

    def __init__(self, text: str, kind: type[Kind] | Sequence[Kind], *, blank: str | None = None, **more: Any) -> None:
        values = list(kind)
        self.by_value = {value.value: value for value in values}
        self.has_blank = blank is not None
        pairs = [("", blank)] if blank is not None else []
        pairs += [(value.value, label(value)) for value in values]
        super().__init__(text, choices=choices(pairs), coerce=self._from_value, **more)

    def _from_value(self, value: Any) -> StrEnum | str | None:
        if value is None or isinstance(value, StrEnum):
            return value
        return self.by_value.get(str(value)) or str(value)

    def pre_validate(self, form: Any) -> None:
        if not self.data and self.has_blank:
            self.data = None
        elif not isinstance(self.data, StrEnum):
            raise ValidationError("没有这一项，请重新选择。")


def read_id(text: str | None) -> int | None:
    """The id of a row that was sent as text; ``None`` for what no id can be, however long it is."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) <= LENGTH_OF_IDS):
        return None
    number = int(text)
    return number if 0 < number <= LARGEST_ID else None


def chosen_id(value: object) -> int | None:
    """The id behind a choice, ``None`` for the blank one; what can be no id is 0, which is nobody's, and the service
    says so."""
    text = str(value) if value is not None else ""
    return read_id(text) or 0 if text else None


class IdField(IntegerField):
    """The id of a row, hidden or typed; what cannot be an id is an error, never a failed query."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        self.data = read_id(typed)
        if self.data is None:
            raise ValueError("没有这一项，请重新选择。")


def light_argument() -> Light | None:
    """The light by which the address narrows a list down."""
    asked = request.args.get("light", "")
    return Light(asked) if asked in {one.value for one in Light} else None


def page_number() -> int:
    """The page that the address asks for, from 1; 1 where it says nothing sensible."""
    asked = request.args.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) <= 6 else 1


def search_words(name: str = "q", *, limit: int = 100) -> str:
    """What the person searches for, cleaned and cut to a sensible length."""
    return clean_line(request.args.get(name))[:limit]

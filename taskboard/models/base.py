"""The base of all mapped classes, and the column types they share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import DateTime, Dialect, Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.types import TypeDecorator

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Mapped classes are keyword-only dataclasses: what a row needs is what its constructor asks for."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


IDS_ARE_NOT_REUSED = {"sqlite_autoincrement": True}
"""Last in the arguments of a table whose rows are taken away: SQLite would give the id of its last row to the next one,
and the trail, an open page or a second click would mean another thing by it. (PostgreSQL never does.) A migration that
makes such a table anew has to say it again; a test holds it to that."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on the Python side whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class OpenEnum(TypeDecorator[StrEnum]):
    """A word out of one or several enums without a check in the database, for tables too big to be rebuilt for a word.

    The enums must not share a word: what is read becomes the member of the first one that has it.
    """

    impl = String(32)
    cache_ok = True

    def __init__(self, *kinds: type[StrEnum]) -> None:
        super().__init__()
        self.kinds = kinds
        self._members = {member.value: member for kind in reversed(kinds) for member in kind}

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self._member(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self._member(value)

    def _member(self, word: str) -> StrEnum:
        if word not in self._members:
            raise ValueError(f"{word!r} is no word of {', '.join(kind.__name__ for kind in self.kinds)}")
        return self._members[word]


def to_json(value: Any) -> str:
    """What a JSON column keeps of a value, in a tenth of the time that Python's own takes, and half as long in Chinese.

    Days become ISO text, members of enums their values. Raises ``TypeError`` for what has no such form.
    """
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    except UnicodeEncodeError:
        # Half of a character, out of a broken document: no database takes it as it is, but as an escape.
        return json.dumps(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def string_enum(kind: type[StrEnum]) -> Enum:
    """A column type that keeps the enum's values as plain strings, with a check in the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=_snake(kind.__name__),
        values_callable=_values,
        validate_strings=True,
    )


def _values(kind: Any) -> list[str]:
    return [member.value for member in kind]


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")

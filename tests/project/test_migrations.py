"""The migrations: they make exactly the tables the models describe, one after the other, with a way back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from apiflask import APIFlask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, inspect

from taskboard.models import Base
from tests.support.checkout import ROOT


def test_migrations_make_what_the_models_describe(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ids_of_rows_that_are_taken_away_are_not_given_again(engine: Engine) -> None:
    said = {name for name, table in Base.metadata.tables.items() if table.dialect_options["sqlite"]["autoincrement"]}
    with engine.connect() as connection:
        made = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()

    assert {"task", "assignment", "import_draft"} < said
    assert {name for name, statement in made if "AUTOINCREMENT" in statement} == said


def test_migrations_have_a_way_back(app: APIFlask, engine: Engine) -> None:
    with app.app_context():
        downgrade(revision="base")
        left = set(inspect(engine).get_table_names())
        upgrade()
    again = set(inspect(engine).get_table_names())

    assert left <= {"alembic_version"}
    assert again == set(Base.metadata.tables) | {"alembic_version"}


@pytest.mark.parametrize("first", ["0001", "0002"])
def test_a_database_with_rows_in_every_table_goes_to_the_newest_shape_and_back(
    app: APIFlask, engine: Engine, first: str
) -> None:
    with app.app_context():
        downgrade(revision="base")
        upgrade(revision=first)
        filled = fill_every_table(engine)
        upgrade()
        after = count_rows(engine)
        downgrade(revision=first)
    back = count_rows(engine)

    assert len(filled) > 20
    assert {name: after[name] for name in filled} == filled
    assert back == filled


LIST_OF_WORDS = re.compile(r"\(*(\w+)\)?(?:::[\w ]+)?\)* (?:IN|= ANY) [^']*'(\w+)'")
"""the column and the first word of ``state IN ('draft', …)``, as either database writes it"""


def fill_every_table(engine: Engine) -> dict[str, int]:
    """A row in each table, every reference filled in, and a second department; gives the number of rows by table."""
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            for number in (1, 2) if table.name == "department" else (1,):
                connection.execute(table.insert().values(some_row(connection, table, number)))
    return count_rows(engine)


def some_row(connection: sa.Connection, table: sa.Table, number: int) -> dict[str, Any]:
    """Values that the columns and their checks take; a row does not refer to itself, nor twice to one department.

    An item of a portfolio is a department or a plan: it is a department.
    """
    checks = [one["sqltext"] for one in sa.inspect(connection).get_check_constraints(table.name)]
    words = dict(found.groups() for check in checks if (found := LIST_OF_WORDS.match(check)))
    departments = iter((1, 2))
    row: dict[str, Any] = {}
    for column in table.columns:
        refers_to = {key.column.table.name for key in column.foreign_keys}
        if table.name in refers_to or (table.name, column.name) == ("portfolio_item", "plan_id"):
            row[column.name] = None
        elif refers_to == {"department"}:
            row[column.name] = next(departments)
        else:
            row[column.name] = words.get(column.name) or some_value(column.type, number, len(row))
    return row


def some_value(kind: sa.types.TypeEngine[Any], number: int, place: int) -> Any:
    """A value of this type; of two days the one that stands later is later."""
    if isinstance(kind, sa.JSON):
        return {}
    values = {
        str: f"{number}",
        int: number,
        float: 1.0,
        bool: False,
        bytes: b"x",
        date: date(2026, 1, 1) + timedelta(days=place),
        datetime: datetime(2026, 1, 1, tzinfo=UTC),
    }
    return values[kind.python_type]


def count_rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
        return {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names}


def test_migrations_are_numbered_one_after_the_other() -> None:
    names = sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    numbers = [int(re.match(r"(\d{4})_[a-z0-9_]+\.py$", name)[1]) for name in names]

    assert numbers == list(range(1, len(numbers) + 1))


def test_no_migration_imports_the_application() -> None:
    importing = [
        path.name
        for path in (ROOT / "migrations" / "versions").glob("*.py")
        if re.search(r"^\s*(from|import) taskboard", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert importing == []

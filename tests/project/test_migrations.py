"""The migrations: they make exactly the tables the models describe, one after the other, with a way back."""

from __future__ import annotations

import re

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


def test_migrations_have_a_way_back(app: APIFlask, engine: Engine) -> None:
    with app.app_context():
        downgrade(revision="base")
        left = set(inspect(engine).get_table_names())
        upgrade()
    again = set(inspect(engine).get_table_names())

    assert left <= {"alembic_version"}
    assert again == set(Base.metadata.tables) | {"alembic_version"}


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

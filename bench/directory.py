"""How fast a directory comes in: a file of thousands of departments, against the least that could be done with it.

    python -m bench.directory [--rows 5000]

The floor reads the same file with :mod:`csv` and writes the same rows (departments, names, memberships, people, posts,
and one row of the trail for each) into an empty database of the same shape, in one transaction of ``executemany``. It
asks nothing, shows nothing and checks nothing. Both are measured in one run, in turn.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path

import flask_migrate

from taskboard.app import create_app
from taskboard.config import Settings
from taskboard.domain.permissions import Actor, Post
from taskboard.domain.roles import Role
from taskboard.extensions import db, transaction
from taskboard.labels.directory import DEPARTMENT_COLUMNS, PEOPLE_COLUMNS
from taskboard.models import Person
from taskboard.services import directory_import, directory_sheets
from taskboard.services.history import Writing

SECRET = "bench-secret-key-that-is-long-enough-for-the-check"
CHILDREN = 20
"""departments below each one"""
ROUNDS = 3
MOMENT = datetime(2026, 11, 22, 1, tzinfo=UTC)
BY: Writing = {"actor": Actor(1, "管理员", (Post(Role.ADMINISTRATOR, 1, "/1/"),)), "now": MOMENT, "entrance": "bench"}


def directory_file(rows: int) -> bytes:
    """Departments in a tree, each with an alias, an old name and a group."""
    lines = [
        ["", f"第{number}局", f"第{number // CHILDREN}局" if number >= CHILDREN else "", "单位", "", f"{number}号机关",
         f"第{number}委员会（2010-01-01至2018-12-31）", "各成员单位（2026-01-01起）", "是", "", ""]
        for number in range(rows)
    ]  # fmt: skip
    group = ["", "各成员单位", "", "集合单位", *[""] * 7]
    return _text(list(DEPARTMENT_COLUMNS), [group, *lines])


def people_file(rows: int) -> bytes:
    """A person with a post at each department."""
    lines = [
        [f"user{number}", f"人员{number}", f"user{number}@example.org", f"第{number}局", "联络员", "2026-01-01", ""]
        for number in range(rows)
    ]
    return _text(list(PEOPLE_COLUMNS), lines)


def _text(head: list[str], rows: list[list[str]]) -> bytes:
    stream = StringIO(newline="")
    csv.writer(stream).writerows([head, *rows])
    return stream.getvalue().encode("utf-8-sig")


def floor(file: Path, content: bytes) -> None:
    """The same rows by ``executemany``, nothing else."""
    rows = list(csv.reader(StringIO(content.decode("utf-8-sig"))))
    head, lines = rows[0], rows[1:]
    moment = MOMENT.isoformat(" ")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        if len(head) == len(PEOPLE_COLUMNS):
            _people_floor(connection, lines, moment)
        else:
            _departments_floor(connection, lines, moment)
    connection.close()


def _departments_floor(connection: sqlite3.Connection, lines: list[list[str]], moment: str) -> None:
    ids = {line[1]: number for number, line in enumerate(lines, start=1)}
    paths: dict[str, str] = {}
    for line in lines:
        paths[line[1]] = f"{paths.get(line[2], '/')}{ids[line[1]]}/"
    connection.executemany(
        "INSERT INTO department (id, name, kind, parent_id, path, needs_sign_off, is_active, version)"
        " VALUES (?, ?, ?, ?, ?, 1, 1, 1)",
        [
            (ids[one[1]], one[1], "collective" if one[3] == "集合单位" else "unit", ids.get(one[2]), paths[one[1]])
            for one in lines
        ],
    )
    names = [
        (ids[one[1]], name, is_official)
        for one in lines
        for name, is_official in ((one[1], 1), (one[5], 0), (one[6], 0))
        if name
    ]
    connection.executemany(
        "INSERT INTO department_name (department_id, name, key, is_official) VALUES (?, ?, ?, ?)",
        [(one, name, name, is_official) for one, name, is_official in names],
    )
    connection.executemany(
        "INSERT INTO department_member (group_id, member_id, from_on) VALUES (1, ?, '2026-01-01')",
        [(ids[one[1]],) for one in lines if one[7]],
    )
    _trail_floor(connection, "department", list(ids.values()), moment)


def _people_floor(connection: sqlite3.Connection, lines: list[list[str]], moment: str) -> None:
    known = dict(connection.execute("SELECT name, id FROM department").fetchall())
    connection.executemany(
        "INSERT INTO user_account (id, username, name, email, is_active, session_epoch, must_change_password, version)"
        " VALUES (?, ?, ?, ?, 1, 0, 0, 1)",
        [(number, *line[:3]) for number, line in enumerate(lines, start=2)],
    )
    connection.executemany(
        "INSERT INTO post (person_id, department_id, role, from_on) VALUES (?, ?, 'liaison', ?)",
        [(number, known[line[3]], line[5]) for number, line in enumerate(lines, start=2)],
    )
    _trail_floor(connection, "person", list(range(2, len(lines) + 2)), moment)


def _trail_floor(connection: sqlite3.Connection, subject: str, ids: list[int], moment: str) -> None:
    connection.executemany(
        "INSERT INTO history_entry (act, at, actor_id, entrance, subject, subject_id, after)"
        " VALUES ('added', ?, 1, 'bench', ?, ?, '{\"name\": \"…\"}')",
        [(moment, subject, one) for one in ids],
    )


def product(content: bytes) -> None:
    """The way of a file in the product: read apart, kept, compared for the preview, compared again and taken over."""
    actor, today = BY["actor"], MOMENT.date()
    sheets = directory_sheets.read_sheets(content, "目录.csv")
    with transaction() as session:
        upload = directory_import.keep_upload(
            session, content=content, name="目录.csv", sheets=sheets, parent_id=None, actor=actor, now=MOMENT
        )
        upload_id = upload.id
    kept = directory_import.get_upload(db.session(), upload_id, actor=actor)
    mark = directory_import.compare_upload(db.session(), kept, today=today).mark
    db.session.rollback()
    with transaction() as session:
        reading = directory_import.apply_upload(session, upload_id, mark=mark, **BY)
    if len(reading.added) < content.count(b"\n") - 1:
        raise SystemExit("not every row came in")


def timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure(folder: Path, rows: int) -> list[tuple[str, float, float]]:
    """Seconds of the product and of the floor for each file, on a database of their own."""
    template = folder / "empty.db"
    app = create_app(Settings(secret_key=SECRET, instance_dir=folder, database_url=f"sqlite:///{template}"))
    with app.app_context():
        flask_migrate.upgrade()
        with transaction() as session:
            session.add(Person(username="admin", name="管理员"))
        db.engine.dispose()
        with sqlite3.connect(template) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copy(template, folder / "floor.db")
        files = (("departments", directory_file(rows)), ("people", people_file(rows)))
        return [
            (name, timed(partial(product, content)), timed(partial(floor, folder / "floor.db", content)))
            for name, content in files
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000)
    rows = parser.parse_args().rows
    figures: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        folder = Path(tempfile.mkdtemp(prefix="taskboard-bench-"))
        try:
            for name, ours, least in measure(folder, rows):
                figures.setdefault(name, []).append((ours, least))
        finally:
            shutil.rmtree(folder)
    print(f"{rows:,} rows of each; median of {ROUNDS} rounds")
    print(f"{'file':12s} {'s':>7s} {'floor s':>8s} {'ratio':>6s}")
    for name, pairs in figures.items():
        ours, least = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:12s} {ours:7.2f} {least:8.3f} {ours / least:6.1f}")


if __name__ == "__main__":
    main()

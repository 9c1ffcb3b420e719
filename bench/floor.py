"""A minimal Flask page that runs given SQL statements and lists their rows: the floor a real page is measured against.

``BENCH_FLOOR`` names a JSON file ``{page: [[statement, parameters], …]}`` recorded from the real pages,
``BENCH_DATABASE`` the SQLite file. A parameter that equals the file's ``fresh`` value, the key of a form as it was
stored, is replaced by a new one at each request, so that an insert with a unique key can be repeated.
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from pathlib import Path
from typing import Any

from flask import Flask, render_template_string

PAGE = """<!doctype html><title>floor</title><table>
{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}
</table>"""

app = Flask(__name__)
recorded: dict[str, Any] = json.loads(Path(os.environ["BENCH_FLOOR"]).read_text(encoding="utf-8"))
connection: sqlite3.Connection | None = None


def connect() -> sqlite3.Connection:
    """One connection per process, set up as the product sets up its own."""
    global connection  # noqa: PLW0603 - the minimal page is meant to be minimal
    if connection is None:
        connection = sqlite3.connect(os.environ["BENCH_DATABASE"], isolation_level=None, check_same_thread=False)
        for pragma in ("busy_timeout=15000", "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
    return connection


@app.route("/<name>", methods=["GET", "POST"])
def page(name: str) -> str:
    rows: list[tuple[Any, ...]] = []
    fresh = uuid.uuid4().hex
    for statement, parameters in recorded["pages"][name]:
        values = [fresh if value == recorded["fresh"] else value for value in parameters]
        rows += connect().execute(statement, values).fetchall()
    return render_template_string(PAGE, rows=rows)

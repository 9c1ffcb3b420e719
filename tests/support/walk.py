"""Everybody of a province at the pages of one application, with the way back to how it all was before."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.config import MailTransport, Settings
from taskboard.extensions import db
from taskboard.models import Person
from tests.support import databases
from tests.support.factories import NOW
from tests.support.province import Ids, Province, make_province
from tests.support.robots import unreachable
from tests.support.visitor import Visitor, found_token

VISITOR = "visitor"
"""nobody is signed in"""


@dataclass
class Walk:
    """The application over a province, and one signed-in browser for each of its people.

    People are named as in :class:`~tests.support.province.City`, those of the other city with ``foreign.`` before it.
    """

    app: APIFlask
    province: Province
    database: Path
    browsers: dict[str, Visitor]

    def go(self, who: str, method: str, path: str, fields: Mapping[str, Any] | None = None) -> TestResponse:
        """What this person is answered; the fields of a form are sent with its token."""
        browser = self.browsers[who]
        if method == "GET":
            return browser.get(path)
        if not browser.token and who == VISITOR:
            browser.token = found_token(browser.get("/sign-in").text)
        return browser.post(path, **(fields or {}))

    def routes(self) -> list[tuple[Rule, str]]:
        """Every address with its method."""
        rules = sorted(self.app.url_map.iter_rules(), key=lambda rule: rule.rule)
        return [(rule, method) for rule in rules for method in ("GET", "POST") if method in (rule.methods or ())]

    def written(self) -> str:
        """All that stands in the database, except what reading pages writes of itself."""
        with closing(sqlite3.connect(self.database)) as connection:
            return "\n".join(connection.iterdump())

    def restore(self, who: str) -> None:
        """As if nobody had done anything, and this person had not signed out either."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for ending in ("-wal", "-shm"):
            self.database.with_name(self.database.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self.database.with_suffix(".pristine"), self.database)
        self.browsers[who] = _enter(self.app.test_client(), people_of(self.province).get(who))


@contextmanager
def walking(folder: Path, *, is_demo: bool = False) -> Iterator[Walk]:
    """A province in a database of its own below the folder, with its pages open to all its people."""
    database = folder / "province.db"
    url = databases.copy_sqlite(databases.this_run(), database)
    engine = create_engine(url)
    with Session(engine, expire_on_commit=False) as session:
        province = make_province(session, folder)
        session.commit()
        session.expunge_all()
    engine.dispose()
    shutil.copyfile(database, database.with_suffix(".pristine"))
    settings = Settings(
        secret_key="a key that only signs the cookies of tests",
        instance_dir=folder,
        database_url=url,
        public_url="http://taskboard.test",
        mail_transport=MailTransport.NONE,
        is_testing=True,
        is_demo=is_demo,
    )
    app = create_app(settings, clock=SettableClock(NOW), robot_connections=unreachable)
    people = {VISITOR: None, **people_of(province)}
    browsers = {who: _enter(app.test_client(), person) for who, person in people.items()}
    walk = Walk(app, province, database, browsers)
    try:
        yield walk
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _enter(client: FlaskClient, person: Person | None) -> Visitor:
    return Visitor(client) if person is None else Visitor(client).enter(person)


def people_of(province: Province) -> dict[str, Person]:
    """Everybody by name."""
    own = dict(province.own.people)
    foreign = {f"foreign.{name}": person for name, person in province.foreign.people.items()}
    return {"stranger": province.stranger, "administrator": province.administrator, **own, **foreign}


def address(app: APIFlask, rule: Rule, ids: Ids) -> str:
    """The address of the route with these ids; raises ``KeyError`` for one that the province has nothing for."""
    with app.test_request_context():
        values = {name: ids[name] for name in rule.arguments}
        built = rule.build(values)
    assert built is not None
    return built[1]

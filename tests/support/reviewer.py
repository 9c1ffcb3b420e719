"""One of several processes whose people review the same imports: what it typed, and what it was answered."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any, NamedTuple

from taskboard.app import create_app
from taskboard.clock import SettableClock
from taskboard.config import Settings
from taskboard.extensions import read_session
from taskboard.models import Person
from tests.support.factories import NOW
from tests.support.importing import fields_of, words_of
from tests.support.visitor import Visitor


class Answered(NamedTuple):
    """What was typed into two fields, the answer to it, and what that page said and kept; then the second try."""

    username: str
    typed: dict[str, str]
    status: int
    words: str
    kept: dict[str, str]
    again: int | None


class Reviewer(NamedTuple):
    """A process of its own with one person in it, who types ``typed`` on each page and sends it when all are ready."""

    username: str
    settings: Settings
    addresses: Sequence[str]
    typed: dict[str, str]


def review(reviewer: Reviewer, ready: Barrier, told: Queue[Any]) -> None:
    """Tells one :class:`Answered` for each address, or what went wrong."""
    try:
        told.put(_review(reviewer, ready))
    except BaseException as error:
        ready.abort()
        told.put(f"{reviewer.username}: {type(error).__name__}: {error}")
        raise


def _review(reviewer: Reviewer, ready: Barrier) -> list[Answered]:
    app = create_app(reviewer.settings, clock=SettableClock(NOW))
    with app.app_context():
        person = read_session().query(Person).filter_by(username=reviewer.username).one()
    visitor = Visitor(app.test_client()).enter(person)
    answers = []
    for address in reviewer.addresses:
        fields = fields_of(visitor.get(address)) | reviewer.typed
        visitor.post(f"{address}/parts", version="0")  # the token is fetched before the moment, not in it
        ready.wait(timeout=120)
        answer = visitor.post(address, act="save", **fields)
        kept, again = {}, None
        if answer.status_code != 303:
            page = fields_of(answer)
            kept = {name: page[name] for name in reviewer.typed}
            again = visitor.post(address, act="save", **page).status_code
        words = words_of(answer) if answer.status_code != 303 else ""
        answers.append(Answered(reviewer.username, reviewer.typed, answer.status_code, words, kept, again))
        ready.wait(timeout=120)
    return answers

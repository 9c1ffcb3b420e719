"""Thirteen ways in which a mail server misbehaves: where each leaves a notice and a scheduled mail, and which copies of
them a server has in the end that is well again."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from taskboard import paths
from taskboard.extensions import IS_WRITING
from taskboard.mail.delivery import Courier
from taskboard.mail.message import parse_sender
from taskboard.mail.rendering import MailRenderer
from taskboard.mail.transport import SmtpTransport, parse_smtp_url
from tests.support.smtp import Drop, SmtpServer, running_smtp_server
from tools.chaos.senders import message_id_of, queue_mails
from tools.chaos.stage import Stage, stage
from tools.chaos.table import Row

STATES = "SELECT kind, state FROM outbox_message ORDER BY id"
NOTED = "SELECT count(*) FROM mail_address"
AGAIN = {"notice": "retry", "morning": "retry"}
FOR_GOOD = {"notice": "dead", "morning": "dead"}
OPEN = {"notice": "retry", "morning": "unknown"}


@dataclass(frozen=True)
class Misbehaviour:
    """What the server does; ``answer`` to the text of a mail, or ``greeting`` to whoever comes."""

    name: str
    leaves: dict[str, str]
    answer: str | Drop | None = None
    scheme: str = "smtp"
    greeting: str | None = None
    is_slow: bool = False
    is_gone: bool = False


MISBEHAVIOURS = (
    Misbehaviour("refuses the connection", AGAIN, is_gone=True),
    Misbehaviour("fails TLS", AGAIN, scheme="smtp+starttls"),
    *(Misbehaviour(code, AGAIN, answer=f"{code} 4.3.0 not now") for code in ("421", "450", "451", "452")),
    *(Misbehaviour(code, FOR_GOOD, answer=f"{code} 5.1.1 never") for code in ("550", "552", "554")),
    Misbehaviour("drops before DATA", AGAIN, answer=Drop.BEFORE_DATA),
    Misbehaviour("drops after DATA", OPEN, answer=Drop.AFTER_DATA),
    Misbehaviour("is 60 s slow", AGAIN, greeting="220 at last", is_slow=True),
    Misbehaviour("greets wrongly", AGAIN, greeting="HTTP/1.1 400 Bad Request"),
)


NOTICE, SCHEDULED = "chaos-0", "chaos-1"
"""the Message-IDs of the two mails"""
ARRIVED = {
    # A refused one never arrives. Whoever dropped the connection may have had the text: the notice comes once more
    # under the same Message-ID, the scheduled mail does not.
    one.name: Counter({NOTICE: 2, SCHEDULED: 1} if one.leaves is OPEN else {})
    if one.leaves is not AGAIN
    else Counter({NOTICE: 1, SCHEDULED: 1})
    for one in MISBEHAVIOURS
}
"""misbehaviour → how many copies of each mail were taken, once the server was well again and asked anew"""


def run(kind: str, *, is_short: bool) -> list[Row]:
    right: list[str] = []
    wrong: list[str] = []
    with stage(kind) as play:
        queue_mails(play, 2)
        for one in MISBEHAVIOURS:
            _put_back(play)
            taken: Counter[str] = Counter()
            seen = _try(play, one, taken, slow_seconds=1.0 if is_short else 60.0)
            is_noted = bool(play.value(NOTED))
            _try_again(play, taken)
            is_right = seen == one.leaves and is_noted == (one.leaves is FOR_GOOD) and taken == ARRIVED[one.name]
            (right if is_right else wrong).append(f"{one.name}: {seen}, arrived {dict(taken)}")
    return [
        Row(
            f"{kind}: an SMTP server that misbehaves",
            f"{len(MISBEHAVIOURS)} of {len(MISBEHAVIOURS)} as the table says",
            f"{len(right)} of {len(MISBEHAVIOURS)}" + "".join(f"; {words}" for words in wrong),
            not wrong,
        )
    ]


def _try(play: Stage, one: Misbehaviour, taken: Counter[str], *, slow_seconds: float) -> dict[str, str]:
    with _misbehaving(one, slow_seconds, taken) as url:
        # Each mail is tried on its own: after the first the server may count as down.
        for _ in range(2):
            _deliver(play, url, patience=min(20.0, slow_seconds / 3))
    return dict(map(tuple, play.rows(STATES)))


def _try_again(play: Stage, taken: Counter[str]) -> None:
    """The server is well again, and what waits for another attempt has its moment."""
    _write(play, "UPDATE outbox_message SET next_attempt_at = created_at WHERE state = 'retry'")
    with running_smtp_server() as server:
        _deliver(play, server.url, patience=20.0)
        taken.update(_ids(server))


def _ids(server: SmtpServer) -> list[str]:
    """Of the mails that the server took, by its own record."""
    return [message_id_of(mail) for mail in server.received]


@contextmanager
def _misbehaving(one: Misbehaviour, slow_seconds: float, taken: Counter[str]) -> Iterator[str]:
    if one.greeting is not None:
        with _greeting(one.greeting, slow_seconds if one.is_slow else 0.0) as url:
            yield url
        return
    with running_smtp_server() as server:
        if one.answer is not None:
            server.otherwise = one.answer
        if one.is_gone:
            server.stop()
        yield server.url.replace("smtp://", f"{one.scheme}://")
        taken.update(_ids(server))


@contextmanager
def _greeting(words: str, seconds: float) -> Iterator[str]:
    """A server that says these words after so many seconds, and nothing else."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    over.wait(seconds)
                    try:
                        connection.sendall(f"{words}\r\n".encode())
                        connection.recv(100)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"
        over.set()
        thread.join(timeout=10)


def _deliver(play: Stage, url: str, *, patience: float) -> None:
    @contextmanager
    def begin() -> Iterator[Session]:
        engine = play.engine.execution_options(**{IS_WRITING: True})
        with Session(engine) as session, session.begin():
            yield session

    courier = Courier(
        SmtpTransport(parse_smtp_url(url), connect_seconds=patience, reply_seconds=patience),
        MailRenderer(paths.TEMPLATES, "http://taskboard.test"),
        parse_sender("taskboard@example.org"),
        begin=begin,
        now=lambda: datetime.now(UTC),
    )
    _write(play, "DELETE FROM mail_gate")
    courier.deliver()


def _put_back(play: Stage) -> None:
    _write(play, "UPDATE outbox_message SET state = 'queued', attempts = 0, next_attempt_at = created_at")
    _write(play, "DELETE FROM mail_address")


def _write(play: Stage, statement: str) -> None:
    with play.engine.execution_options(**{IS_WRITING: True}).begin() as connection:
        connection.execute(text(statement))

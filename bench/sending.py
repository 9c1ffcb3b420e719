"""How fast the outbox is sent, against a bare loop that renders the same mails into the same server.

    python -m bench.sending [--mails 1000] [--database sqlite]

Rounds of both in turn; each figure is the share of the bare loop's speed that the outbox keeps.
"""

from __future__ import annotations

import argparse
import multiprocessing
import smtplib
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import text

from taskboard import paths
from taskboard.app import create_app
from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import MailKind
from taskboard.extensions import db
from taskboard.jobs.runner import run_by_hand
from taskboard.mail.message import build_message, parse_sender
from taskboard.mail.rendering import MailRenderer
from tests.support import databases
from tools.chaos.senders import FACTS, queue_mails
from tools.chaos.stage import Stage, stage
from tools.chaos.table import Row, print_table

LEAST = {"sqlite": 0.7, "postgresql": 0.5}
ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sending", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--database", choices=tuple(LEAST))
    arguments = parser.parse_args()
    try:
        rows = [measure(kind, arguments.mails) for kind in ([arguments.database] if arguments.database else LEAST)]
    finally:
        databases.remove(databases.this_run())
    return print_table(rows)


def measure(kind: str, mails: int) -> Row:
    with stage(kind) as play, server() as url:
        queue_mails(play, mails)
        shares = []
        for _ in range(ROUNDS):
            bare, ours = send_bare(url, mails), send_outbox(play, url)
            shares.append(bare / ours)
    share = statistics.median(shares)
    seen = f"{share:.0%} ({mails / ours:.0f} against {mails / bare:.0f} mails a second)"
    return Row(f"{kind}: {mails} mails", f"≥ {LEAST[kind]:.0%} of a bare loop", seen, share >= LEAST[kind])


def send_bare(url: str, mails: int) -> float:
    """Seconds for rendering, building and sending, with nothing written down."""
    renderer = MailRenderer(paths.TEMPLATES, "http://taskboard.test")
    sender = parse_sender("taskboard@example.org")
    host, _, port = url.removeprefix("smtp://").partition(":")
    started = time.perf_counter()
    with smtplib.SMTP(host, int(port)) as smtp:
        for number in range(mails):
            smtp.send_message(
                build_message(
                    renderer.render("morning", FACTS),
                    to_address=f"person-{number}@example.org",
                    sender=sender,
                    message_id=f"bare-{number}",
                    created_at=datetime.now(UTC),
                    kind=MailKind.NOTICE,
                )
            )
    return time.perf_counter() - started


def send_outbox(play: Stage, url: str) -> float:
    """Seconds for one run of the job over the same number of mails that were never tried before."""
    with play.engine.begin() as connection:
        connection.execute(
            text("UPDATE outbox_message SET state = 'queued', attempts = 0, subject = NULL, text = NULL, html = NULL")
        )
    app = create_app(play.settings(url))
    started = time.perf_counter()
    facts: Any = run_by_hand(app, JobName.DELIVER_MAIL, datetime.now(UTC).date())
    seconds = time.perf_counter() - started
    with app.app_context():
        db.engine.dispose()
    waiting = play.value("SELECT count(*) FROM outbox_message WHERE state <> 'sent'")
    assert waiting == 0, facts
    return seconds


def _serve(told: Connection) -> None:
    from tests.support.smtp import SmtpServer  # noqa: PLC0415 - in the server's process

    one = SmtpServer()
    one.start()
    told.send(one.url)
    told.recv()


@contextmanager
def server() -> Iterator[str]:
    """The tests' SMTP server in a process of its own: it must not take the sender's time."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    yield str(ours.recv())
    ours.send(None)
    process.join(timeout=10)


if __name__ == "__main__":
    sys.exit(main())

"""Delivering the queue: take one mail, send it, write down how it went, take the next.

No transaction is open while a server is talked to. The outcome of one mail and the taking of the next share a
transaction, so a crash can leave at most the one mail in flight undecided.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from taskboard.domain.outbox import OutboxState, Outcome, Result
from taskboard.labels.mails import NOT_RENDERED, UNUSABLE_ADDRESS
from taskboard.mail.message import Sender, UnusableAddress, build_message
from taskboard.mail.rendering import MailRenderer, RenderedMail, RenderingError, has_account_link
from taskboard.mail.transport import Transport
from taskboard.services import outbox
from taskboard.services.outbox import TakenMail

log = logging.getLogger(__name__)

Begin = Callable[[], AbstractContextManager[Session]]
"""opens a writing transaction"""


@dataclass
class Delivered:
    """What a round did: mails by the state they ended in, and why it ended early, if it did."""

    by_state: Counter[OutboxState] = field(default_factory=Counter)
    trouble: str = ""


@dataclass(frozen=True)
class _Attempt:
    mail: TakenMail
    outcome: Outcome
    rendered: RenderedMail | None
    """what is kept of it"""


class Courier:
    """Delivers what is due, with one transport, one renderer and one sender."""

    def __init__(
        self,
        transport: Transport,
        renderer: MailRenderer,
        sender: Sender,
        *,
        begin: Begin,
        now: Callable[[], datetime],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._renderer = renderer
        self._sender = sender
        self._begin = begin
        self._now = now
        self._jitter = jitter

    def deliver(self, *, should_stop: Callable[[], bool] = lambda: False) -> Delivered:
        """Send until nothing is due, the server is down, or ``should_stop`` says so.

        While the server is down the mail in hand waits for its next attempt; the others were not touched.
        """
        done = Delivered()
        try:
            with self._begin() as session:
                tidied = outbox.tidy_queue(session, now=self._now())
                mail = outbox.take_next(session, now=self._now())
            done.by_state.update({OutboxState.EXPIRED: tidied.expired, OutboxState.UNKNOWN: tidied.unknown})
            while mail is not None:
                attempt = self._attempt(mail)
                is_last = attempt.outcome.is_server_down or should_stop()
                mail = self._write_down(attempt, done, takes_next=not is_last)
        finally:
            self._transport.close()
        return done

    def _attempt(self, mail: TakenMail) -> _Attempt:
        kept = None
        try:
            rendered = self._rendered(mail)
            kept = self._to_keep(mail, rendered)
            message = build_message(
                rendered,
                to_address=mail.to_address,
                sender=self._sender,
                message_id=mail.message_id,
                created_at=mail.created_at,
                kind=mail.kind,
            )
        except RenderingError as error:
            log.exception("mail %s could not be rendered", mail.id)
            return _Attempt(mail, Outcome(Result.NEVER, NOT_RENDERED.format(problem=error)), None)
        except UnusableAddress:
            return _Attempt(mail, Outcome(Result.NEVER, UNUSABLE_ADDRESS.format(address=mail.to_address)), kept)
        return _Attempt(mail, self._transport.send(message), kept)

    def _rendered(self, mail: TakenMail) -> RenderedMail:
        """What goes out: what was kept of the attempt before, or, where that must not have everything, made anew."""
        if mail.subject is None or mail.text is None or mail.html is None or has_account_link(mail.facts):
            return self._renderer.render(mail.template, mail.facts)
        return RenderedMail(mail.subject, mail.text, mail.html)

    def _to_keep(self, mail: TakenMail, rendered: RenderedMail) -> RenderedMail:
        if has_account_link(mail.facts):
            return self._renderer.render(mail.template, mail.facts, is_to_keep=True)
        return rendered

    def _write_down(self, attempt: _Attempt, done: Delivered, *, takes_next: bool) -> TakenMail | None:
        mail, outcome, rendered = attempt.mail, attempt.outcome, attempt.rendered
        texts = (rendered.subject, rendered.text, rendered.html) if rendered else None
        with self._begin() as session:
            state = outbox.settle(session, mail, outcome, now=self._now(), jitter=self._jitter(), rendered=texts)
            upcoming = outbox.take_next(session, now=self._now()) if takes_next else None
        if state is not None:
            done.by_state[state] += 1
        if outcome.result is not Result.ACCEPTED:
            log.warning("mail %s: %s, %s", mail.id, state, outcome.detail)
        if outcome.is_server_down:
            done.trouble = outcome.detail
        return upcoming

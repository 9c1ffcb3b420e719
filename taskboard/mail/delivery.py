"""Delivering the queue: claim some mails, hand one after the other over, write down how each went.

No transaction is open while a server is talked to. That a mail is being sent is saved before anything of it leaves, in
the transaction that says how the one before it ended: a crash leaves at most the one mail in flight undecided. While a
server thinks about one mail the next is made ready.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from taskboard.domain.outbox import OutboxState, Outcome, RateLimits, Result
from taskboard.labels.mails import NOT_RENDERED, UNUSABLE_ADDRESS
from taskboard.mail.message import Sender, UnusableAddress, build_message
from taskboard.mail.rendering import MailRenderer, RenderedMail, has_account_link
from taskboard.mail.transport import Transport
from taskboard.services import mail_gate, outbox_sending
from taskboard.services.outbox_sending import ClaimedMail

log = logging.getLogger(__name__)

Begin = Callable[[], AbstractContextManager[Session]]
"""opens a writing transaction"""
TIDY_EVERY = timedelta(minutes=1)
PATIENCE = (1, 5, 10)
"""seconds before it is tried again to write down how a mail went, where the database is busy or restarting"""


@dataclass
class Delivered:
    """What a round did: mails by the state they ended in, and why it ended early, if it did."""

    by_state: Counter[OutboxState] = field(default_factory=Counter)
    trouble: str = ""


@dataclass(frozen=True)
class _Prepared:
    """A mail ready to go: its message, or why there is none."""

    mail: ClaimedMail
    message: EmailMessage | None
    trouble: str
    kept: RenderedMail | None
    """what the outbox keeps of it"""


@dataclass(frozen=True)
class _Attempt:
    mail: ClaimedMail
    outcome: Outcome
    kept: RenderedMail | None
    was_handed_over: bool = True


class Courier:
    """Delivers what is due, with one transport, one renderer and one sender.

    ``by`` is the scheduler's epoch, by which its successor knows whose mails these were.
    """

    def __init__(
        self,
        transport: Transport,
        renderer: MailRenderer,
        sender: Sender,
        *,
        begin: Begin,
        now: Callable[[], datetime],
        by: int = 0,
        limits: RateLimits | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._renderer = renderer
        self._sender = sender
        self._begin = begin
        self._now = now
        self._by = by
        self._limits = limits
        self._jitter = jitter
        self._tidied_at: datetime | None = None
        self._was_server_down = False
        self._ahead: _Prepared | None = None

    def deliver(self, *, should_stop: Callable[[], bool] = lambda: False) -> Delivered:
        """Send until nothing may go, the server is down, or ``should_stop`` says so.

        While the server is down the mail in hand waits for its next attempt; the others were not touched.
        """
        done = Delivered()
        try:
            claimed = self._write_down(None, done, claims=True)
            while claimed:
                attempt = self._send_all(claimed, done, should_stop)
                is_last = bool(claimed) or should_stop() or (attempt is not None and attempt.outcome.is_server_down)
                claimed = self._write_down(attempt, done, gives_back=claimed, claims=not is_last)
        finally:
            self._transport.close()
        return done

    def _send_all(
        self, claimed: deque[ClaimedMail], done: Delivered, should_stop: Callable[[], bool]
    ) -> _Attempt | None:
        """Send one after the other; what is left in ``claimed`` was not begun. How the last one ended is unwritten."""
        attempt = None
        while claimed and not should_stop() and not (attempt is not None and attempt.outcome.is_server_down):
            prepared = self._take_prepared(claimed[0])
            begun = self._write_down(attempt, done, begins=prepared.mail)
            claimed.popleft()
            attempt = self._hand_over(prepared, begun[0], claimed) if begun else None
        return attempt

    def _take_prepared(self, mail: ClaimedMail) -> _Prepared:
        ahead, self._ahead = self._ahead, None
        return ahead if ahead is not None and ahead.mail is mail else self._prepare(mail)

    def _prepare_ahead(self, claimed: deque[ClaimedMail]) -> None:
        """Prepare the next mail while the server thinks about this one."""
        self._ahead = self._prepare(claimed[0]) if claimed else None

    def _prepare(self, mail: ClaimedMail) -> _Prepared:
        """Never raises: how the mail before it ended is not written down yet."""
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
                leave_link=self._renderer.leave_link(mail.person_id, mail.kind, mail.template, mail.facts),
            )
        except UnusableAddress:
            return _Prepared(mail, None, UNUSABLE_ADDRESS.format(address=mail.to_address), kept)
        except Exception as error:
            log.exception("mail %s could not be rendered", mail.id)
            return _Prepared(mail, None, NOT_RENDERED.format(problem=error), None)
        return _Prepared(mail, message, "", kept)

    def _hand_over(self, prepared: _Prepared, mail: ClaimedMail, waiting: deque[ClaimedMail]) -> _Attempt:
        if prepared.message is None:
            return _Attempt(mail, Outcome(Result.NEVER, prepared.trouble), prepared.kept, was_handed_over=False)
        outcome = self._transport.send(prepared.message, meanwhile=lambda: self._prepare_ahead(waiting))
        return _Attempt(mail, outcome, prepared.kept)

    def _rendered(self, mail: ClaimedMail) -> RenderedMail:
        """What goes out: what was kept of the attempt before, or, where that must not have everything, made anew."""
        if mail.subject is None or mail.text is None or mail.html is None or has_account_link(mail.facts):
            return self._renderer.render(mail.template, mail.facts)
        return RenderedMail(mail.subject, mail.text, mail.html)

    def _to_keep(self, mail: ClaimedMail, rendered: RenderedMail) -> RenderedMail:
        if has_account_link(mail.facts):
            return self._renderer.render(mail.template, mail.facts, is_to_keep=True)
        return rendered

    # What is written down

    def _write_down(
        self,
        attempt: _Attempt | None,
        done: Delivered,
        *,
        begins: ClaimedMail | None = None,
        gives_back: deque[ClaimedMail] | None = None,
        claims: bool = False,
    ) -> deque[ClaimedMail]:
        """In one transaction: how the attempt ended, and what this sender has in hand next.

        That a mail arrived must not be forgotten because the database is busy: it is tried for a while.
        """
        for pause in (*PATIENCE, None):
            try:
                with self._begin() as session:
                    state = self._settle(session, attempt) if attempt else None
                    if gives_back:
                        outbox_sending.give_back(session, gives_back)
                    next_ones: list[ClaimedMail] = []
                    if begins is not None and (begun := outbox_sending.start(session, begins, now=self._now())):
                        next_ones = [begun]
                    if claims:
                        next_ones = self._claim(session, done)
                break
            except DBAPIError as error:
                if attempt is None or pause is None or not _may_pass(error):
                    raise
                log.warning("mail %s: the database is busy or gone; trying again in %s s", attempt.mail.id, pause)
                time.sleep(pause)
        if attempt is not None:
            self._tell(attempt, state, done)
        return deque(next_ones)

    def _settle(self, session: Session, attempt: _Attempt) -> OutboxState | None:
        mail, outcome, kept = attempt.mail, attempt.outcome, attempt.kept
        texts = (kept.subject, kept.text, kept.html) if kept else None
        now = self._now()
        state = outbox_sending.settle(session, mail, outcome, now=now, jitter=self._jitter(), rendered=texts)
        if state is OutboxState.DEAD and outcome.result is Result.NEVER and attempt.was_handed_over:
            mail_gate.note_refusal(session, mail.to_address, outcome.detail, now=now)
        if attempt.was_handed_over and (outcome.is_server_down or self._was_server_down):
            mail_gate.note_server(session, is_down=outcome.is_server_down, now=now)
        return state

    def _claim(self, session: Session, done: Delivered) -> list[ClaimedMail]:
        now = self._now()
        if self._tidied_at is None or abs(now - self._tidied_at) >= TIDY_EVERY:
            tidied = outbox_sending.tidy_queue(session, now=now)
            self._tidied_at = now
            self._was_server_down = mail_gate.find_gate(session).failures > 0
            done.by_state.update(
                {
                    OutboxState.EXPIRED: tidied.expired,
                    OutboxState.UNKNOWN: tidied.unknown,
                    OutboxState.DEAD: tidied.refused,
                }
            )
        return outbox_sending.claim(session, by=self._by, now=now, limits=self._limits)

    def _tell(self, attempt: _Attempt, state: OutboxState | None, done: Delivered) -> None:
        outcome = attempt.outcome
        if attempt.was_handed_over:
            self._was_server_down = outcome.is_server_down
        if state is not None:
            done.by_state[state] += 1
        if outcome.result is not Result.ACCEPTED:
            log.warning("mail %s: %s, %s", attempt.mail.id, state, outcome.detail)
        if outcome.is_server_down:
            done.trouble = outcome.detail


def _may_pass(error: DBAPIError) -> bool:
    """Whether it may go well a moment later: after a lock, a restart, or a connection that the server has closed.

    PostgreSQL closes that of a process which stood still within a job's transaction.
    """
    return isinstance(error, OperationalError) or error.connection_invalidated

"""The list of jobs: what each name does. When each is to run stands in ``domain/jobs.py``."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from taskboard import paths
from taskboard.config import MailTransport, Settings
from taskboard.documents.document import DocumentError
from taskboard.documents.ocr import recognise_safely
from taskboard.domain.digests import is_digest_day
from taskboard.domain.jobs import JobName
from taskboard.domain.outbox import RateLimits
from taskboard.domain.robots import RobotMessageState
from taskboard.domain.scans import ScanState
from taskboard.extensions import robot_connections
from taskboard.jobs.context import Facts, JobContext, without_collecting
from taskboard.labels.robots import SOME_WAIT
from taskboard.mail.announcing import speak_once
from taskboard.mail.delivery import Courier
from taskboard.mail.message import parse_sender
from taskboard.mail.rendering import MailRenderer
from taskboard.mail.transport import MailboxTransport, SmtpTransport, Transport, parse_smtp_url
from taskboard.services import (
    attachment_files,
    attachments,
    digests,
    jobs,
    mail_gate,
    outbox,
    outbox_upkeep,
    reminders,
    reply_reminders,
    robots,
    roundups,
    scans,
    snoozing,
    trail,
    trail_heads,
)
from taskboard.services.account_links import answer_reset_requests, has_reset_requests
from taskboard.services.calendar import load_calendar
from taskboard.services.database import refresh_figures
from taskboard.services.jobs import BY_HAND
from taskboard.services.paging import in_portions
from taskboard.services.robot_digests import prepare_messages, queue_messages
from taskboard.services.scans import HeldScan
from taskboard.services.settings import effective_settings

log = logging.getLogger(__name__)

MAILS_PER_TRANSACTION = 200
DECISIONS_PER_TRANSACTION = 10_000

Run = Callable[[JobContext], Facts]


@without_collecting
def morning_mail(context: JobContext) -> Facts:
    """Make the scheduled mails of the day, the weekly digest on the first working day of a week."""
    today = context.today
    with context.reading() as session:
        calendar = load_calendar(session)
        if not calendar.is_working_day(today):
            return {"is_day_off": True}
        last_on = jobs.last_digest_on(session, today=today)
        is_digest = is_digest_day(today, last_on=last_on, calendar=calendar)
        since = digests.changes_since(today, last_on)
        prepared = digests.prepare_round(
            session,
            today=today,
            since=since,
            is_digest=is_digest,
            jobs=jobs.digest_facts(session, since=since),
            trail=jobs.trail_facts(session),
        )
    queued = without_address = 0
    for person_ids in in_portions(prepared.person_ids, MAILS_PER_TRANSACTION):
        with context.reading() as session:
            mails = digests.compose_mails(session, prepared, person_ids)
        if not mails:
            continue
        with context.begin() as session:
            queued += digests.queue_mails(session, prepared, mails, now=context.now())
        without_address += sum(not mail.to_address for mail in mails)
    # Last, so that a run that broke off finds the same reminders due.
    decided = 0
    for portion in in_portions(prepared.decisions, DECISIONS_PER_TRANSACTION):
        with context.begin() as session:
            decided += reminders.record_decisions(session, portion, today=today)
    with context.begin() as session:
        decided += reply_reminders.record_reply_decisions(session, prepared.reply_decisions, today=today)
        snoozing.mark_told_again(session, prepared.said_again, today=today)
    return {
        "is_digest": is_digest,
        "queued": queued,
        "reminders": decided,
        "without_address": without_address,
    }


def deliver_mail(context: JobContext) -> Facts:
    """Make the links that were asked for, and send what is due."""
    with context.reading() as session:
        settings = effective_settings(session, context.settings)
        is_asked = has_reset_requests(session)
    if is_asked:
        with context.begin() as session:
            answer_reset_requests(session, secret_key=settings.secret_key, now=context.now())
    transport = make_transport(settings)
    if transport is None:
        return {"is_mail_off": True}
    with context.reading() as session:
        gate = mail_gate.find_gate(session)
    if gate.held_at is not None:
        return {"is_mail_held": True}
    if gate.failures and context.epoch == BY_HAND:
        # Somebody wants to know now whether the server is well again.
        with context.begin() as session:
            mail_gate.note_server(session, is_down=False, now=context.now())
    if settings.mail_transport is MailTransport.MAILBOX:
        # Whoever tries the product on a Sunday looks for the mails at once.
        with context.begin() as session:
            outbox.bring_forward(session, now=context.now())
    courier = Courier(
        transport,
        _renderer(paths.TEMPLATES, settings.public_url, settings.secret_key),
        parse_sender(settings.mail_from),
        begin=context.begin,
        now=context.now,
        by=context.epoch,
        limits=_limits(settings),
    )
    delivered = courier.deliver(should_stop=context.should_stop)
    facts: dict[str, Any] = {state.value: count for state, count in delivered.by_state.items() if count}
    if delivered.trouble:
        facts["trouble"] = delivered.trouble
    return facts


@lru_cache(maxsize=1)
def _renderer(templates: Path, public_url: str, secret_key: str) -> MailRenderer:
    """Kept from run to run: compiling the templates takes as long as sending a dozen mails."""
    return MailRenderer(templates, public_url, secret_key=secret_key)


def _limits(settings: Settings) -> RateLimits | None:
    """The demo's mailbox takes everything at once."""
    if settings.mail_transport is MailTransport.MAILBOX:
        return None
    return RateLimits(settings.mails_per_minute, settings.mails_per_hour)


class RobotsUnreachable(Exception):
    """Some messages wait: the run counts as failed, so that the scheduler tries again in some minutes."""


def robot_digests(context: JobContext) -> Facts:
    """Make what group robots say today, each message once, and hand over what waits."""
    today, day_before = context.today, context.today - timedelta(days=1)
    with context.reading() as session:
        calendar = load_calendar(session)
        if not calendar.is_working_day(today):
            return {"is_day_off": True}
        if mail_gate.find_gate(session).held_at is not None:
            return {"is_mail_held": True}
        last_on = jobs.last_digest_on(session, today=day_before)
        prepared = prepare_messages(
            session,
            today=today,
            since=digests.changes_since(today, last_on),
            is_digest_day=is_digest_day(today, last_on=last_on, calendar=calendar),
            public_url=effective_settings(session, context.settings).public_url,
            now=context.now(),
        )
    with context.begin() as session:
        tidied = robots.tidy_messages(session, now=context.now())
        queue_messages(session, prepared, today=today, now=context.now())
        waiting = robots.list_waiting(session, now=context.now())
    outcomes: Counter[RobotMessageState] = Counter()
    for message_id in waiting:
        if not context.should_stop():
            outcomes[_speak(context, message_id)] += 1
    if outcomes[RobotMessageState.WAITING]:
        raise RobotsUnreachable(SOME_WAIT.format(outcomes[RobotMessageState.WAITING]))
    return {
        "robots_told": outcomes[RobotMessageState.SENT],
        "robots_refused": outcomes[RobotMessageState.REFUSED],
        "robots_unknown": outcomes[RobotMessageState.UNKNOWN] + tidied.unknown,
        "robots_expired": tidied.expired,
    }


def _speak(context: JobContext, message_id: int) -> RobotMessageState:
    return speak_once(message_id, begin=context.begin, now=context.now, connect=robot_connections())


def make_roundups(context: JobContext) -> Facts:
    """Make the drafts of the month and the quarter that are not there yet."""
    with context.reading() as session:
        calendar = load_calendar(session)
    if not calendar.is_working_day(context.today):
        return {"is_day_off": True}
    with context.begin() as session:
        made = roundups.make_due(session, day=context.today, calendar=calendar, now=context.now())
    return {"roundups": made}


def read_scans(context: JobContext) -> Facts:
    """Recognise what waits, one scan after the other; each page is a transaction, no reading is one."""
    outcomes: Counter[ScanState] = Counter()
    while not context.should_stop() and (held := _take_scan(context)) is not None:
        outcomes[_read_scan(context, held)] += 1
    return {"scans_read": outcomes[ScanState.DONE], "scans_failed": outcomes[ScanState.FAILED]}


def _take_scan(context: JobContext) -> HeldScan | None:
    with context.reading() as session:
        if not scans.has_work(session, now=context.now()):
            return None
    with context.begin() as session:
        return scans.take_next(session, now=context.now())


class _Stopped(Exception):
    """The server is ending: the scan goes back to those that wait."""


def _read_scan(context: JobContext, held: HeldScan) -> ScanState:
    """Recognise one scan; how it stands afterwards."""

    def note(done: int, pages: int) -> None:
        if context.should_stop():
            raise _Stopped
        with context.begin() as session:
            scans.note_page(session, held, done=done, pages=pages, now=context.now())

    with context.reading() as session:
        calendar = load_calendar(session)
    try:
        document, plan = recognise_safely(held.content, calendar=calendar, progress=note)
        with context.begin() as session:
            scans.finish_scan(session, held, document, plan, now=context.now())
    except DocumentError as error:
        return _fail_scan(context, held, error)
    except scans.ScanLost:
        log.info("scan %s was cancelled or taken over", held.id)
        return ScanState.WAITING
    except _Stopped:
        with context.begin() as session:
            scans.put_back(session, held)
        return ScanState.WAITING
    return ScanState.DONE


def _fail_scan(context: JobContext, held: HeldScan, error: DocumentError) -> ScanState:
    log.warning("scan %s cannot be read: %s", held.id, error.problem)
    facts = {name: value for name, value in error.facts.items() if name != "problem"}
    with suppress(scans.ScanLost), context.begin() as session:
        scans.fail_scan(session, held, error.problem.value, facts, now=context.now())
    return ScanState.FAILED


def clean_up(context: JobContext) -> Facts:
    """Delete what nobody needs any more."""
    with context.begin() as session:
        facts = jobs.clean_up(session, now=context.now())
    facts |= {"mails": _remove_old_mails(context), "files": _sweep_attachments(context)}
    # Last: the figures are to be those of what is left.
    with context.begin() as session:
        refresh_figures(session)
    return facts


def _remove_old_mails(context: JobContext) -> int:
    """In short transactions: the first time there may be a great many. Carried notices go before what carried them."""
    removed = 0
    while not context.should_stop():
        with context.reading() as session:
            found = outbox_upkeep.find_old_mails(session, now=context.now())
        before = removed
        for portion in in_portions(found, MAILS_PER_TRANSACTION):
            with context.begin() as session:
                removed += outbox_upkeep.remove_old_mails(session, portion, now=context.now())
        if removed == before:
            break
    return removed


def _sweep_attachments(context: JobContext) -> int:
    """Delete files without a row: of attachments that were removed, and of uploads that a crash cut off."""
    folder = context.settings.instance_dir / attachment_files.FOLDER_NAME
    # Files first: one that comes after them is not looked at.
    old = attachment_files.list_old(folder)
    with context.reading() as session:
        orphans = old - attachments.known_ids(session)
    attachment_files.remove(folder, orphans)
    return len(orphans)


def seal_trail(context: JobContext) -> Facts:
    """Chain what was written since; nothing is put on record, for there is always something."""
    seal_all(context)
    return {}


def check_trail(context: JobContext) -> Facts:
    """Verify the whole chain and write down how far it reaches today."""
    seal_all(context)
    path = context.settings.instance_dir / trail_heads.FILE_NAME
    with context.reading() as session:
        findings = trail.verify(session, trail_heads.read_heads(path), now=context.now())
        head = trail.head_of_day(session, now=context.now())
    # A chain that does not hold gets no head: what stands in the file is what it is measured by.
    if head is not None and not findings:
        trail_heads.append_head(path, head)
    return {"entries": head.position if head else 0, "findings": len(findings)}


def seal_all(context: JobContext) -> None:
    """Seal every entry that waits, in short transactions."""
    last_id = None
    while not context.should_stop():
        with context.begin() as session:
            sealed = trail.seal_next(session, now=context.now(), after_id=last_id)
        if sealed.number < trail.SEALED_AT_ONCE:
            return
        last_id = sealed.last_id


JOBS: Mapping[JobName, Run] = {
    JobName.MORNING_MAIL: morning_mail,
    JobName.DELIVER_MAIL: deliver_mail,
    JobName.ROBOT_DIGESTS: robot_digests,
    JobName.ROUNDUPS: make_roundups,
    JobName.READ_SCANS: read_scans,
    JobName.CLEAN_UP: clean_up,
    JobName.SEAL_TRAIL: seal_trail,
    JobName.CHECK_TRAIL: check_trail,
}


def make_transport(settings: Settings) -> Transport | None:
    """The way that mails leave by; ``None`` where they wait until a server is set."""
    match settings.mail_transport:
        case MailTransport.MAILBOX:
            return MailboxTransport()
        case MailTransport.SMTP if settings.smtp_url is not None:
            return SmtpTransport(parse_smtp_url(settings.smtp_url))
        case _:
            return None

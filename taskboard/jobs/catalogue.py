"""The list of jobs: what each name does. When each is to run stands in ``domain/jobs.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from taskboard import paths
from taskboard.config import MailTransport, Settings
from taskboard.domain.digests import is_digest_day
from taskboard.domain.jobs import JobName
from taskboard.jobs.context import Facts, JobContext
from taskboard.mail.delivery import Courier
from taskboard.mail.message import parse_sender
from taskboard.mail.rendering import MailRenderer
from taskboard.mail.transport import MailboxTransport, SmtpTransport, Transport, parse_smtp_url
from taskboard.services import digests, jobs, reminders
from taskboard.services.calendar import load_calendar

MAILS_PER_TRANSACTION = 200

Run = Callable[[JobContext], Facts]


def morning_mail(context: JobContext) -> Facts:
    """Make the scheduled mails of the day, the weekly digest on the first working day of a week."""
    today = context.today
    with context.reading() as session:
        if not load_calendar(session).is_working_day(today):
            return {"is_day_off": True}
        last_on = jobs.last_digest_on(session, today=today)
        is_digest = is_digest_day(today, last_on=last_on)
        since = digests.changes_since(today, last_on)
        prepared = digests.prepare_round(
            session,
            today=today,
            since=since,
            is_digest=is_digest,
            jobs=jobs.digest_facts(session, since=since),
        )
    queued = 0
    for start in range(0, len(prepared.mails), MAILS_PER_TRANSACTION):
        portion = prepared.mails[start : start + MAILS_PER_TRANSACTION]
        with context.begin() as session:
            queued += digests.queue_mails(session, prepared, portion, now=context.now())
    # Last, so that a run that broke off finds the same reminders due.
    with context.begin() as session:
        decided = reminders.record_decisions(session, prepared.decisions, today=today)
    return {
        "is_digest": is_digest,
        "queued": queued,
        "reminders": decided,
        "without_address": prepared.without_address,
    }


def deliver_mail(context: JobContext) -> Facts:
    """Send what is due."""
    transport = make_transport(context.settings)
    if transport is None:
        return {"is_mail_off": True}
    courier = Courier(
        transport,
        MailRenderer(paths.TEMPLATES, context.settings.public_url),
        parse_sender(context.settings.mail_from),
        begin=context.begin,
        now=context.now,
    )
    delivered = courier.deliver(should_stop=context.should_stop)
    facts: dict[str, Any] = {state.value: count for state, count in delivered.by_state.items() if count}
    if delivered.trouble:
        facts["trouble"] = delivered.trouble
    return facts


def clean_up(context: JobContext) -> Facts:
    """Delete what nobody needs any more."""
    with context.begin() as session:
        return jobs.clean_up(session, now=context.now())


JOBS: Mapping[JobName, Run] = {
    JobName.MORNING_MAIL: morning_mail,
    JobName.DELIVER_MAIL: deliver_mail,
    JobName.CLEAN_UP: clean_up,
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

"""A test mail, sent at once with settings that need not be kept yet."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import uuid4

from taskboard.domain.outbox import MailKind, Outcome, Result
from taskboard.labels.mails import UNUSABLE_ADDRESS
from taskboard.mail.message import UnusableAddress, build_message, parse_sender
from taskboard.mail.rendering import MailRenderer
from taskboard.mail.transport import SmtpTransport, parse_smtp_url

CONNECT_SECONDS = 8.0
REPLY_SECONDS = 20.0
VERDICT_SECONDS = 20.0
"""somebody waits before the page"""


def send_trial(
    *, smtp_url: str, mail_from: str, to_address: str, public_url: str, templates: Path, now: datetime
) -> Outcome:
    """Send a test mail; how it went, with the server's answer. Never raises for addresses or for what a server does."""
    try:
        message = build_message(
            MailRenderer(templates, public_url).render("trial", {}),
            to_address=to_address,
            sender=parse_sender(mail_from),
            message_id=uuid4().hex,
            created_at=now,
            kind=MailKind.NOTICE,
        )
    except UnusableAddress as error:
        return Outcome(Result.NEVER, UNUSABLE_ADDRESS.format(address=error))
    transport = SmtpTransport(
        parse_smtp_url(smtp_url),
        connect_seconds=CONNECT_SECONDS,
        reply_seconds=REPLY_SECONDS,
        verdict_seconds=VERDICT_SECONDS,
    )
    try:
        return transport.send(message)
    finally:
        transport.close()

"""Reports of servers that could not deliver: only what is permanent, and only by their machine-readable parts."""

from __future__ import annotations

import pytest

from taskboard.mail.bounces import Bounce, read_bounces

REPORT = """\
From: MAILER-DAEMON@relay.example.org
To: taskboard@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.org

{original}Final-Recipient: rfc822; Li@Example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b
Content-Type: {returned}

From: taskboard@example.org
Message-ID: <{message_id}@example.org>
Subject: x

--b--
"""


def report(**changes: str) -> bytes:
    values = {
        "original": "",
        "action": "failed",
        "status": "5.1.1",
        "words": "550 5.1.1 no such user",
        "returned": "text/rfc822-headers",
        "message_id": "0123456789abcdef",
    }
    return REPORT.format(**values | changes).encode()


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_permanent_failure_tells_which_mail_came_back_from_whom_and_why(returned: str) -> None:
    assert read_bounces(report(returned=returned)) == [
        Bounce("0123456789abcdef", ("li@example.org",), "5.1.1 550 5.1.1 no such user")
    ]


def test_the_address_as_it_was_written_stands_beside_the_one_it_was_forwarded_to() -> None:
    [bounce] = read_bounces(report(original="Original-Recipient: rfc822; wang@example.org\n"))

    assert bounce.addresses == ("wang@example.org", "li@example.org")


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "delayed", "status": "4.4.1"},
        {"action": "failed", "status": "4.2.2"},
        {"action": "delivered", "status": "2.0.0"},
        {"action": "delayed"},
        {"message_id": ""},
    ],
)
def test_what_is_not_permanent_or_names_no_mail_is_no_bounce(changes: dict[str, str]) -> None:
    assert read_bounces(report(**changes)) == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"Subject: 5.1.1\n\nStatus: 5.1.1\nAction: failed\n", report()[:400]]
)
def test_other_messages_are_no_bounces(content: bytes) -> None:
    assert read_bounces(content) == []

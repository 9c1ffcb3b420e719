"""What leaves over SMTP, against a real server that sometimes misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from taskboard.domain.outbox import MailKind, Result
from taskboard.mail.message import Sender, UnusableAddress, build_message, checked_address, parse_sender
from taskboard.mail.rendering import RenderedMail
from taskboard.mail.transport import SmtpTransport, parse_smtp_url
from tests.support.smtp import Drop, SmtpServer

SENDER = Sender("督办台账", "taskboard@example.org")
MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def message_to(address: str = "li@example.org", **changes: Any) -> EmailMessage:
    values: dict[str, Any] = {
        "rendered": RenderedMail("【督办】今日提醒 3 项", "您好：\n.\n有一项任务今日到期。\n", "<p>您好：</p>"),
        "sender": SENDER,
        "message_id": "0123456789abcdef",
        "created_at": MONDAY,
        "kind": MailKind.MORNING,
    }
    return build_message(to_address=address, **values | changes)


@pytest.fixture
def transport(smtp_server: SmtpServer) -> Iterator[SmtpTransport]:
    transport = SmtpTransport(parse_smtp_url(smtp_server.url), connect_seconds=2, reply_seconds=2)
    yield transport
    transport.close()


def test_a_chinese_mail_arrives_as_it_was_written(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    outcome = transport.send(message_to())

    [mail] = smtp_server.received
    assert outcome.result is Result.ACCEPTED
    assert mail.subject == "【督办】今日提醒 3 项"
    assert mail.text() == "您好：\n.\n有一项任务今日到期。\n"
    assert mail.text("html").strip() == "<p>您好：</p>"
    assert mail.recipients == ("li@example.org",)
    assert mail.sender == "taskboard@example.org"


def test_a_mail_says_who_sends_it_and_that_a_machine_does(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    transport.send(message_to())

    message = smtp_server.received[0].message
    assert message["From"] == "督办台账 <taskboard@example.org>"
    assert message["Message-ID"] == "<0123456789abcdef@example.org>"
    assert message["Date"] == "Mon, 23 Nov 2026 08:30:00 +0800"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"


def test_only_scheduled_mails_are_bulk(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    transport.send(message_to(kind=MailKind.NOTICE))

    assert smtp_server.received[0].message["Precedence"] is None


def test_many_mails_go_over_one_connection(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    for number in range(20):
        transport.send(message_to(f"person{number}@example.org"))

    assert len(smtp_server.received) == 20
    assert smtp_server.connections == 1


@pytest.mark.parametrize("reply", ["450 4.2.0 busy", "451 4.3.0 later", "452 4.2.2 full"])
def test_a_temporary_refusal_is_tried_again(transport: SmtpTransport, smtp_server: SmtpServer, reply: str) -> None:
    smtp_server.answers.append(reply)

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.detail, outcome.is_server_down) == (Result.LATER, reply, False)
    assert transport.send(message_to()).result is Result.ACCEPTED
    assert smtp_server.connections == 1


@pytest.mark.parametrize("reply", ["550 5.1.1 no such mailbox", "552 5.3.4 too big", "554 5.7.1 not wanted"])
def test_a_final_refusal_of_the_text_is_final(transport: SmtpTransport, smtp_server: SmtpServer, reply: str) -> None:
    smtp_server.answers.append(reply)

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.detail) == (Result.NEVER, reply)


def test_a_refused_recipient_leaves_the_others_alone(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    smtp_server.refused_recipients["gone@example.org"] = "550 5.1.1 no such mailbox"

    outcomes = [transport.send(message_to(address)) for address in ("gone@example.org", "li@example.org")]

    assert [outcome.result for outcome in outcomes] == [Result.NEVER, Result.ACCEPTED]
    assert [mail.recipients for mail in smtp_server.received] == [("li@example.org",)]


def test_a_server_that_closes_counts_as_down_and_is_reached_again(
    transport: SmtpTransport, smtp_server: SmtpServer
) -> None:
    smtp_server.answers.append("421 4.3.2 shutting down")

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.is_server_down) == (Result.LATER, True)
    assert transport.send(message_to()).result is Result.ACCEPTED
    assert smtp_server.connections == 2


def test_a_server_that_is_down_is_said_to_be(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    smtp_server.stop()

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.is_server_down) == (Result.LATER, True)
    assert outcome.detail.startswith("连不上邮件服务器")


def test_a_server_without_a_greeting_counts_as_down(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    smtp_server.answers.append(Drop.ON_CONNECT)

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.is_server_down) == (Result.LATER, True)
    assert transport.send(message_to()).result is Result.ACCEPTED


def test_nothing_was_accepted_when_the_connection_broke_before_the_text(
    transport: SmtpTransport, smtp_server: SmtpServer
) -> None:
    smtp_server.answers.append(Drop.BEFORE_DATA)

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.is_server_down) == (Result.LATER, False)
    assert transport.send(message_to()).result is Result.ACCEPTED
    assert len(smtp_server.received) == 1


def test_it_is_uncertain_what_became_of_a_text_without_an_answer(
    transport: SmtpTransport, smtp_server: SmtpServer
) -> None:
    smtp_server.answers.append(Drop.AFTER_DATA)

    outcome = transport.send(message_to())

    assert outcome.result is Result.UNCERTAIN
    assert len(smtp_server.received) == 1


def test_a_server_too_slow_to_answer_leaves_it_uncertain(smtp_server: SmtpServer) -> None:
    smtp_server.delay = 1
    transport = SmtpTransport(parse_smtp_url(smtp_server.url), verdict_seconds=0.2)

    assert transport.send(message_to()).result is Result.UNCERTAIN
    transport.close()


def test_a_slow_server_is_waited_for(transport: SmtpTransport, smtp_server: SmtpServer) -> None:
    smtp_server.delay = 0.5

    assert transport.send(message_to()).result is Result.ACCEPTED


def test_a_server_that_breaks_off_again_and_again_counts_as_down(
    transport: SmtpTransport, smtp_server: SmtpServer
) -> None:
    smtp_server.otherwise = Drop.BEFORE_DATA

    outcomes = [transport.send(message_to()) for _ in range(3)]

    assert [outcome.is_server_down for outcome in outcomes] == [False, False, True]


def test_a_sign_in_with_the_right_password_sends(smtp_server: SmtpServer) -> None:
    smtp_server.password = "p@ss/word"
    transport = SmtpTransport(parse_smtp_url(f"smtp://user:p%40ss%2Fword@127.0.0.1:{smtp_server.port}"))

    assert transport.send(message_to()).result is Result.ACCEPTED
    transport.close()


@pytest.mark.parametrize("credentials", ["user:wrong@", ""])
def test_a_failed_sign_in_kills_no_mail(smtp_server: SmtpServer, credentials: str) -> None:
    smtp_server.password = "right"
    transport = SmtpTransport(parse_smtp_url(f"smtp://{credentials}127.0.0.1:{smtp_server.port}"))

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.is_server_down) == (Result.LATER, True)
    transport.close()


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(smtp_server: SmtpServer, scheme: str) -> None:
    transport = SmtpTransport(parse_smtp_url(f"{scheme}://127.0.0.1:{smtp_server.port}"), connect_seconds=2)

    outcome = transport.send(message_to())

    assert (outcome.result, outcome.is_server_down) == (Result.LATER, True)
    assert smtp_server.received == []


@pytest.mark.parametrize(
    "address",
    [
        "li@example.org\r\nBcc: all@example.org",
        "li@example.org\nRCPT TO:<all@example.org>",
        "li@example.org, wang@example.org",
        "<li@example.org>",
        "li example.org",
        "li@",
        "李@example.org",
        "",
    ],
)
def test_an_address_cannot_carry_anything_else(address: str) -> None:
    with pytest.raises(UnusableAddress):
        checked_address(address)


def test_a_subject_cannot_carry_another_header() -> None:
    rendered = RenderedMail("提醒\r\nBcc: all@example.org", "正文\n", "<p>正文</p>")

    with pytest.raises(ValueError, match=r"linefeed|newline|carriage"):
        message_to(rendered=rendered)


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("taskboard@example.org", Sender("督办台账", "taskboard@example.org")),
        ("市督查室 <ducha@example.org>", Sender("市督查室", "ducha@example.org")),
    ],
)
def test_the_sender_is_an_address_with_or_without_a_name(text: str, sender: Sender) -> None:
    assert parse_sender(text) == sender

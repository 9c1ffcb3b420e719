"""Mails that their recipient may leave say how by one click (RFC 8058); duty offers nothing of the kind."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from taskboard import paths
from taskboard.domain.notice_kinds import NOTICES, NoticeClass
from taskboard.domain.outbox import MailKind
from taskboard.mail.message import build_message, parse_sender
from taskboard.mail.rendering import MailRenderer, RenderedMail

EXPECTED = Path(__file__).parents[1] / "data" / "mails" / "headers"
SECRET = "the secret key of this test"
SENDER = parse_sender("督办台账 <taskboard@example.org>")


def headers(
    kind: MailKind, template: str, facts: dict[str, Any] | None = None, *, public_url: str = "https://taskboard.test"
) -> str:
    renderer = MailRenderer(paths.TEMPLATES, public_url, secret_key=SECRET)
    message = build_message(
        RenderedMail("【督办】已采纳：压减审批时限", "正文\n", "<p>正文</p>"),
        to_address="li@example.org",
        sender=SENDER,
        message_id="0123456789abcdef",
        created_at=datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
        kind=kind,
        leave_link=renderer.leave_link(7, kind, template, facts or {}),
    )
    head = message.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii").replace("\r", "")
    return "\n".join(line for line in head.split("\n") if "boundary" not in line) + "\n"


@pytest.mark.parametrize(
    ("name", "kind", "template", "facts"),
    [
        ("personal-notice", MailKind.NOTICE, "accepted", {}),
        ("duty-notice", MailKind.NOTICE, "issued", {}),
        ("digest-that-may-be-off", MailKind.WEEKLY_DIGEST, "weekly_digest", {"is_optional": True}),
        ("digest-of-a-supervisor", MailKind.WEEKLY_DIGEST, "weekly_digest", {"is_optional": False}),
        ("morning-mail", MailKind.MORNING, "morning", {"is_optional": False}),
    ],
)
def test_the_head_of_a_mail_is_the_one_on_file(name: str, kind: MailKind, template: str, facts: dict[str, Any]) -> None:
    path, content = EXPECTED / f"{name}.txt", headers(kind, template, facts)
    if os.environ.get("TASKBOARD_REWRITE_MAILS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    assert content == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("template", sorted(NOTICES))
def test_only_what_is_personal_can_be_left(template: str) -> None:
    may_be_left = "List-Unsubscribe" in headers(MailKind.NOTICE, template)

    assert may_be_left is (NOTICES[template] is NoticeClass.PERSONAL)


def test_one_click_is_offered_over_https_alone() -> None:
    plain = headers(MailKind.NOTICE, "accepted", public_url="http://taskboard.test")

    assert "List-Unsubscribe: <http://taskboard.test/unsubscribe?token=7.notices." in plain
    assert "List-Unsubscribe-Post" not in plain


@pytest.mark.parametrize("host", ["taskboard.test", "dubanxitong." + "x" * 60 + ".example.gov.cn"])
def test_the_link_stands_in_one_line_whatever_its_length_for_mail_programs_do_not_decode_it(host: str) -> None:
    lines = headers(MailKind.NOTICE, "accepted", public_url=f"https://{host}").split("\n")

    [line] = [line for line in lines if line.startswith("List-Unsubscribe: ")]
    assert line.startswith(f"List-Unsubscribe: <https://{host}/unsubscribe?token=7.notices.")
    assert line.endswith(">")

"""What ``taskboard serve`` says before it serves."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from taskboard.cli import main
from taskboard.cli.serve import installation_words, listen
from taskboard.config import MailTransport, Settings


def words_of(**more: object) -> str:
    settings = Settings(
        secret_key="k" * 40,
        instance_dir=Path("instance"),
        database_url="postgresql+psycopg://board:hidden@db.example/board",
        **more,  # type: ignore[arg-type]
    )
    return "\n".join(installation_words(settings, "127.0.0.1", 8123))


def test_address_database_and_mail_server_are_named_and_no_password() -> None:
    words = words_of(mail_transport=MailTransport.SMTP, smtp_url="smtp+starttls://me:secret@mail.example:2525")

    assert "网站：http://127.0.0.1:8123" in words
    assert "db.example/board" in words
    assert "smtp+starttls://mail.example:2525" in words
    assert "hidden" not in words
    assert "secret" not in words


@pytest.mark.parametrize(
    ("transport", "words"), [(MailTransport.NONE, "没有设置"), (MailTransport.MAILBOX, "显示在页面上")]
)
def test_an_installation_that_sends_nothing_says_so(transport: MailTransport, words: str) -> None:
    assert words in words_of(mail_transport=transport)


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(click.ClickException) as refused:
        listen("127.0.0.1", taken.getsockname()[1])

    assert "端口已被占用" in refused.value.message
    assert "--port" in refused.value.message


def test_the_demo_says_that_its_port_is_taken_before_it_fills_anything(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["demo", "--port", port, "--folder", str(folder)])

    assert result.exit_code == 1
    assert "端口已被占用" in result.output
    assert not folder.exists()

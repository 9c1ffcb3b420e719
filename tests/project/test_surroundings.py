"""The surroundings the other tests rely on: databases of their own, an SMTP server that misbehaves, no network."""

from __future__ import annotations

import smtplib
import socket
import time
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.orm import Session

from taskboard.models import Base, FailedSignIn
from tests.support import databases
from tests.support.network import NetworkForbidden
from tests.support.smtp import Drop, SmtpServer


def test_each_test_gets_a_migrated_database(engine: Engine, database_url: str) -> None:
    tables = set(inspect(engine).get_table_names())

    assert tables == set(Base.metadata.tables) | {"alembic_version"}
    assert database_url.startswith(engine.dialect.name)


@pytest.mark.parametrize("attempt", [1, 2])
def test_no_test_sees_what_another_one_wrote(session: Session, attempt: int) -> None:
    assert session.scalar(text("SELECT count(*) FROM department")) == 0

    session.execute(
        text(
            "INSERT INTO department (name, kind, path, needs_sign_off, is_active, version)"
            " VALUES ('市发展改革委', 'unit', '/', true, true, 1)"
        )
    )
    session.commit()


def test_client_and_session_look_at_the_same_database(client: FlaskClient, session: Session) -> None:
    response = client.get("/no-such-page")

    assert response.status_code == 404
    assert session.scalars(select(FailedSignIn)).all() == []


def test_a_statement_is_compiled_once_for_all_databases_of_a_kind(engine: Engine, database_url: str) -> None:
    compiled = []
    for one in (engine, create_engine(database_url)):
        with one.connect() as connection:
            statement = select(FailedSignIn.id).where(FailedSignIn.id == -7)
            compiled.append(connection.execute(statement).context.compiled)
        one.dispose()

    assert compiled[0] is compiled[1]


@pytest.mark.usefixtures("_compiled_once")
def test_an_application_takes_what_another_one_compiled_only_for_the_same_rule() -> None:
    addresses = []
    for rule in ("/tasks/<int:number>", "/plans/<int:number>"):
        another = Flask("another")
        another.add_url_rule(rule, "page")
        with another.test_request_context():
            addresses.append(url_for("page", number=7))

    assert addresses == ["/tasks/7", "/plans/7"]


def test_a_killed_run_leaves_nothing_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases.tempfile, "gettempdir", lambda: str(tmp_path))
    # Process numbers end well below this one.
    left_behind = databases.RunFolder(tmp_path / f"{databases.FOLDER_PREFIX}{2**31 - 1}")
    left_behind.path.mkdir()
    running = databases.RunFolder(tmp_path / f"{databases.FOLDER_PREFIX}1")
    running.path.mkdir()

    databases.remove_left_behind()

    assert not left_behind.path.exists()
    assert running.path.exists()


def test_one_process_may_have_a_server_of_its_own_more_than_once() -> None:
    for _ in range(2):
        part = databases.this_run().part_alone()
        try:
            with databases.administration(databases.start_postgres(part)) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        finally:
            databases.remove(part)


def test_the_smtp_server_keeps_what_it_accepts(smtp_server: SmtpServer) -> None:
    send(smtp_server, "督办周报")

    [mail] = smtp_server.received
    assert (mail.sender, mail.recipients, mail.subject) == ("taskboard@test", ("li@test",), "督办周报")
    assert mail.text().strip() == "正文"


def test_the_smtp_server_refuses_one_recipient_and_takes_the_other(smtp_server: SmtpServer) -> None:
    smtp_server.refused_recipients["li@test"] = "550 5.1.1 no such mailbox"

    refused = send(smtp_server, "通知", to=["li@test", "wang@test"])

    assert refused == {"li@test": (550, b"5.1.1 no such mailbox")}
    assert [mail.recipients for mail in smtp_server.received] == [("wang@test",)]


def test_the_smtp_server_answers_as_told_and_then_accepts_again(smtp_server: SmtpServer) -> None:
    smtp_server.answers.append("451 4.3.0 try again")

    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(smtp_server, "第一次")
    send(smtp_server, "第二次")

    assert [mail.subject for mail in smtp_server.received] == ["第二次"]


@pytest.mark.parametrize(
    ("drop", "accepted"), [(Drop.ON_CONNECT, []), (Drop.BEFORE_DATA, []), (Drop.AFTER_DATA, ["通知"])]
)
def test_the_smtp_server_dies_in_the_middle(smtp_server: SmtpServer, drop: Drop, accepted: list[str]) -> None:
    smtp_server.answers.append(drop)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(smtp_server, "通知")

    assert [mail.subject for mail in smtp_server.received] == accepted


def test_the_smtp_server_goes_down_and_comes_back(smtp_server: SmtpServer) -> None:
    smtp_server.stop()

    with pytest.raises(ConnectionRefusedError):
        send(smtp_server, "第一次")
    smtp_server.start()
    send(smtp_server, "第二次")

    assert [mail.subject for mail in smtp_server.received] == ["第二次"]


def test_the_smtp_server_takes_its_time(smtp_server: SmtpServer) -> None:
    smtp_server.delay = 0.3
    started = time.monotonic()

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(smtp_server, "通知", timeout=0.1)
    assert time.monotonic() - started < 0.3


def test_the_smtp_server_wants_a_sign_in(smtp_server: SmtpServer) -> None:
    smtp_server.password = "correct"

    with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
        send(smtp_server, "通知")
    with smtplib.SMTP(smtp_server.host, smtp_server.port, timeout=5) as connection:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            connection.login("taskboard", "wrong")
        assert connection.login("taskboard", "correct")[0] == 235


def send(server: SmtpServer, subject: str, *, to: list[str] | None = None, timeout: float = 5) -> dict[str, object]:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content("正文")
    with smtplib.SMTP(server.host, server.port, timeout=timeout) as connection:
        return dict(connection.sendmail("taskboard@test", to or ["li@test"], message.as_bytes()))


def test_no_test_connects_beyond_this_machine() -> None:
    with socket.socket() as connection, pytest.raises(NetworkForbidden):
        connection.connect(("192.0.2.1", 25))


def test_no_test_sends_beyond_this_machine() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as connection, pytest.raises(NetworkForbidden):
        connection.sendto(b"", ("192.0.2.1", 53))


def test_no_test_looks_a_name_up() -> None:
    with pytest.raises(NetworkForbidden):
        socket.create_connection(("mail.example", 25))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_application_answers_over_http(live_server: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{live_server}/no-such-page")


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_reaches_the_application(page: Page) -> None:
    response = page.goto("/no-such-page")

    assert response is not None
    assert response.status == 404


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_reaches_nothing_else(page: Page) -> None:
    from playwright.sync_api import Error

    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://www.example/")

"""What databases and mail servers refuse is said in words, and the server's own answers stay as they are."""

from __future__ import annotations

import smtplib
import socket
import ssl

import pytest
from sqlalchemy.exc import OperationalError

from taskboard.labels.databases import database_trouble
from taskboard.labels.mail_servers import smtp_reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "对方拒绝连接"),
        (ConnectionResetError(104, "Connection reset by peer"), "对方断开了连接"),
        (socket.gaierror(-2, "Name or service not known"), "找不到这台主机，请检查主机名和 DNS"),
        (TimeoutError("timed out"), "连接超时"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed: timed out"), "等不到答复"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), "对方断开了连接"),
        (
            smtplib.SMTPNotSupportedError("STARTTLS extension not supported by server."),
            "服务器不支持 STARTTLS，请改用 smtps:// 或 smtp://",
        ),
        (
            smtplib.SMTPNotSupportedError("SMTP AUTH extension not supported by server."),
            "服务器在这种连接上不接受登录，请改用加密的连接，或去掉用户名和口令",
        ),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 bad credentials"), "535 5.7.8 bad credentials"),
        (
            smtplib.SMTPConnectError(-1, b"/1.1 400 Bad Request"),
            "对方答的不是邮件服务器的话（…/1.1 400 Bad Request），请检查地址和端口",
        ),
        (
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "加密连接没有建立，请检查加密方式和端口（[SSL: WRONG_VERSION_NUMBER] wrong version number）",
        ),
        (smtplib.SMTPException("No suitable authentication method found."), "No suitable authentication method found."),
        (ValueError("x"), "x"),
    ],
)
def test_why_a_mail_server_could_not_be_talked_to_is_said_in_chinese(error: Exception, words: str) -> None:
    assert smtp_reason(error) == words


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("database is locked", "另一个程序一直占着写锁（database is locked）"),
        ("database or disk is full", "磁盘已满（database or disk is full）"),
        ("attempt to write a readonly database", "文件只能读（attempt to write a readonly database）"),
        (
            'FATAL:  password authentication failed for user "u"\nmore',
            '用户名或口令不对（FATAL:  password authentication failed for user "u"）',
        ),
        ('FATAL:  database "x" does not exist', '没有这个数据库或用户（FATAL:  database "x" does not exist）'),
        ("FATAL:  the database system is starting up", "数据库正在启动（FATAL:  the database system is starting up）"),
        ("something nobody has met", "something nobody has met"),
    ],
)
def test_why_a_database_cannot_be_used_is_said_in_chinese_beside_its_own_words(said: str, words: str) -> None:
    trouble = database_trouble(OperationalError("BEGIN", {}, Exception(said)))

    assert trouble.words == words
    assert trouble.remedy.endswith("。")

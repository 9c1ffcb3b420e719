"""Why a mail server could not be talked to, in words: Python and the system say it in English."""

from __future__ import annotations

import smtplib
import socket
import ssl

from taskboard.labels.operating_system import reason_words

NO_SMTP = -1
"""the code that smtplib gives an answer which is none of a mail server"""

# Kind of error, what it says among other things → why. The first one that fits counts.
_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (smtplib.SMTPNotSupportedError, "STARTTLS", "服务器不支持 STARTTLS，请改用 smtps:// 或 smtp://"),
    (smtplib.SMTPNotSupportedError, "AUTH", "服务器在这种连接上不接受登录，请改用加密的连接，或去掉用户名和口令"),
    (smtplib.SMTPServerDisconnected, "timed out", "等不到答复"),
    (smtplib.SMTPServerDisconnected, "", "对方断开了连接"),
    (ssl.SSLCertVerificationError, "", "服务器的证书不可信（{said}）"),
    (ssl.SSLError, "", "加密连接没有建立，请检查加密方式和端口（{said}）"),
    (socket.gaierror, "", "找不到这台主机，请检查主机名和 DNS"),
    (TimeoutError, "", "连接超时"),
)


def smtp_reason(error: BaseException) -> str:
    """What the system or the server said; a server's answer to a command stays as it is, with its code."""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        said = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
        is_none = error.smtp_code == NO_SMTP
        return f"对方答的不是邮件服务器的话（…{said}），请检查地址和端口" if is_none else f"{error.smtp_code} {said}"
    for kind, part, words in _REASONS:
        if isinstance(error, kind) and part in str(error):
            return words.format(said=error)
    if isinstance(error, OSError):
        return reason_words(error)
    return str(error) or type(error).__name__

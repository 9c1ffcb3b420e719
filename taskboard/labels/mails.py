"""Words about mails on their way, for the people who look after them."""

from __future__ import annotations

SMTP_TROUBLE = {
    "unreachable": "连不上邮件服务器",
    "broken_off": "邮件服务器中途断开，邮件未被接收",
    "no_answer": "邮件已全部交给服务器，但没有收到答复，可能已送达",
}

UNUSABLE_ADDRESS = "邮箱地址不可用：{address}"
ADDRESS_IS_OFF = "这个邮箱地址因多次被永久拒收已停用，没有发送"
NOT_RENDERED = "邮件没有生成：{problem}"

"""Words about mails on their way, for the people who look after them and for their recipients."""

from __future__ import annotations

from taskboard.domain.outbox import OutboxState

SMTP_TROUBLE = {
    "unreachable": "连不上邮件服务器",
    "broken_off": "邮件服务器中途断开，邮件未被接收",
    "no_answer": "邮件已全部交给服务器，但没有收到答复，可能已送达",
}

UNUSABLE_ADDRESS = "邮箱地址不可用：{address}"
ADDRESS_IS_OFF = "这个邮箱地址因多次被永久拒收已停用，没有发送"
NOT_RENDERED = "邮件没有生成：{problem}"

_WAYS = {
    OutboxState.SENT: "已发往 {address}",
    OutboxState.DEAD: "发往 {address} 的邮件没有送达",
    OutboxState.EXPIRED: "没有另发邮件",
    OutboxState.UNKNOWN: "发往 {address} 的邮件可能没有送达",
    OutboxState.INBOX_ONLY: "按您的设置或外出登记，不发邮件",
    OutboxState.PUT_OFF: "按您的设置并入下一封晨报",
    OutboxState.TOLD: "按您的设置并入晨报",
}


def way_words(state: OutboxState, address: str) -> str:
    """What became of the mail beside a message, for whom it was written."""
    if not address:
        return "没有登记邮箱，只在这里"
    return _WAYS.get(state, "同时发往 {address}").format(address=address)

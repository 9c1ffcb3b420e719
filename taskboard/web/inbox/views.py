"""A person's own messages: what they were told by mail, and what reached them only here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard import paths
from taskboard.extensions import effective_settings, now, read_session, transaction
from taskboard.labels.mails import way_words
from taskboard.mail.rendering import MailRenderer, RenderedMail, RenderingError
from taskboard.models import OutboxMessage
from taskboard.services import inbox
from taskboard.web.forms import Form, page_number, read_id
from taskboard.web.guards import current_actor
from taskboard.web.mails import html_part, may_frame

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")

UNREADABLE = "（内容无法显示）"


@blueprint.get("")
def message_list() -> ResponseReturnValue:
    session, person_id = read_session(), current_actor().person_id
    only_unread = request.args.get("show") == "unread"
    page = inbox.list_messages(session, person_id, only_unread=only_unread, number=page_number())
    return render_template(
        "inbox/list.html",
        page=page,
        subjects={one.id: one.subject or _subject(one.template, one.facts) for one in page.rows},
        only_unread=only_unread,
        newest_id=inbox.newest_id(session, person_id),
        form=Form(),
    )


@blueprint.get("/<int:mail_id>")
def message(mail_id: int) -> ResponseReturnValue:
    """Opening a message is reading it: it is marked in a transaction of its own, once."""
    person_id = current_actor().person_id
    if inbox.get_message(read_session(), mail_id, person_id).read_at is None:
        with transaction() as session:
            inbox.mark_read(session, mail_id, person_id, now=now())
    shown = inbox.get_message(read_session(), mail_id, person_id)
    page = render_template(
        "inbox/message.html",
        message=shown,
        written=_written(shown),
        way=way_words(shown.state, shown.to_address),
        form=Form(),
    )
    return may_frame(make_response(page))


@blueprint.get("/<int:mail_id>/html")
def message_html(mail_id: int) -> ResponseReturnValue:
    return html_part(_written(inbox.get_message(read_session(), mail_id, current_actor().person_id)).html)


@blueprint.post("/<int:mail_id>/unread")
def mark_unread(mail_id: int) -> ResponseReturnValue:
    with transaction() as session:
        inbox.mark_unread(session, mail_id, current_actor().person_id)
    return redirect(url_for("inbox.message_list"))


@blueprint.post("/read-all")
def mark_all_read() -> ResponseReturnValue:
    with transaction() as session:
        person_id = current_actor().person_id
        count = inbox.mark_all_read(session, person_id, up_to=read_id(request.form.get("up_to")) or 0, now=now())
    flash(f"已将 {count} 条消息标为已读。" if count else "没有未读消息。", "success" if count else "info")
    return redirect(url_for("inbox.message_list"))


def _written(shown: OutboxMessage) -> RenderedMail:
    """What the mail said, word by word; where none was made yet, what it would say."""
    if shown.subject is not None and shown.text is not None and shown.html is not None:
        return RenderedMail(shown.subject, shown.text, shown.html)
    try:
        return _renderer().render(shown.template, shown.facts, is_to_keep=True)
    except RenderingError:
        # Facts of long ago that a template of today cannot show any more.
        return RenderedMail(UNREADABLE, "", f"<!doctype html><html lang='zh-CN'><meta charset='utf-8'>{UNREADABLE}")


def _subject(template: str, facts: Mapping[str, Any]) -> str:
    try:
        return _renderer().subject_of(template, facts)
    except RenderingError:
        return UNREADABLE


def _renderer() -> MailRenderer:
    return _renderer_for(effective_settings().public_url)


@lru_cache(maxsize=4)
def _renderer_for(public_url: str) -> MailRenderer:
    """Templates are compiled once a process; a public address that is changed in the browser asks for another."""
    return MailRenderer(paths.TEMPLATES, public_url)

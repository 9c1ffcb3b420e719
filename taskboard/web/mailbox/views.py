"""The demo's mailbox: every mail as its recipient would read it. Outside the demo there is no such page."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from taskboard import paths
from taskboard.domain.errors import NotFound
from taskboard.domain.outbox import OutboxState
from taskboard.extensions import current_settings, effective_settings, read_session
from taskboard.mail.rendering import MailRenderer, has_account_link
from taskboard.models import Person
from taskboard.services import outbox_upkeep
from taskboard.web.forms import page_number, read_id
from taskboard.web.mails import html_part, may_frame

blueprint = Blueprint("mailbox", __name__, url_prefix="/mailbox")


@blueprint.before_request
def _only_in_the_demo() -> None:
    if not current_settings().is_demo:
        raise NotFound()


@blueprint.get("")
def mail_list() -> ResponseReturnValue:
    session = read_session()
    person_id = _asked_person()
    page = outbox_upkeep.list_mails(session, state=OutboxState.SENT, person_id=person_id, number=page_number())
    return render_template(
        "mailbox/list.html", page=page, recipients=outbox_upkeep.list_recipients(session), person_id=person_id
    )


@blueprint.get("/<int:mail_id>")
def mail(mail_id: int) -> ResponseReturnValue:
    session = read_session()
    message = outbox_upkeep.get_mail(session, mail_id)
    recipient = session.get_one(Person, message.person_id)
    return may_frame(make_response(render_template("mailbox/mail.html", mail=message, recipient=recipient)))


@blueprint.get("/<int:mail_id>/html")
def mail_html(mail_id: int) -> ResponseReturnValue:
    """As it went out: with the link that opens an account, which the outbox does not keep."""
    message = outbox_upkeep.get_mail(read_session(), mail_id)
    if has_account_link(message.facts):
        settings = effective_settings()
        renderer = MailRenderer(paths.TEMPLATES, settings.public_url, secret_key=settings.secret_key)
        return html_part(renderer.render(message.template, message.facts).html)
    return html_part(message.html)


def _asked_person() -> int | None:
    return read_id(request.args.get("person"))

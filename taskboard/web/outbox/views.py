"""The outbox for administrators: what waits, what went, what failed and why, and trying again."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import NotFound
from taskboard.domain.outbox import OutboxState
from taskboard.domain.roles import Role
from taskboard.extensions import now, read_session, transaction
from taskboard.models import Person
from taskboard.services import mail_gate, outbox_upkeep
from taskboard.web.forms import Form, page_number
from taskboard.web.guards import current_actor, requires
from taskboard.web.mails import html_part, may_frame

blueprint = Blueprint("outbox", __name__, url_prefix="/outbox")


@blueprint.get("")
@requires(Role.ADMINISTRATOR)
def mail_list() -> ResponseReturnValue:
    session = read_session()
    state = _asked_state()
    return render_template(
        "outbox/list.html",
        page=outbox_upkeep.list_mails(session, state=state, number=page_number()),
        counts=outbox_upkeep.count_by_state(session),
        states=list(OutboxState),
        state=state,
        requeueable=outbox_upkeep.REQUEUEABLE,
        droppable=outbox_upkeep.DROPPABLE,
        requeueable_together=outbox_upkeep.REQUEUEABLE_TOGETHER,
        most_together=outbox_upkeep.MOST_TOGETHER,
        gate=mail_gate.find_gate(session),
        addresses=mail_gate.list_refused_addresses(session),
        form=Form(),
    )


@blueprint.get("/<int:mail_id>")
@requires(Role.ADMINISTRATOR)
def mail(mail_id: int) -> ResponseReturnValue:
    session = read_session()
    message = outbox_upkeep.get_mail(session, mail_id)
    page = render_template(
        "outbox/mail.html",
        mail=message,
        recipient=session.get_one(Person, message.person_id),
        may_requeue=message.state in outbox_upkeep.REQUEUEABLE,
        may_drop=message.state in outbox_upkeep.DROPPABLE,
        form=Form(),
    )
    return may_frame(make_response(page))


@blueprint.get("/<int:mail_id>/html")
@requires(Role.ADMINISTRATOR)
def mail_html(mail_id: int) -> ResponseReturnValue:
    return html_part(outbox_upkeep.get_mail(read_session(), mail_id).html)


@blueprint.post("/<int:mail_id>/requeue")
@requires(Role.ADMINISTRATOR)
def requeue(mail_id: int) -> ResponseReturnValue:
    with transaction() as session:
        outbox_upkeep.requeue(session, mail_id, actor=current_actor(), now=now(), entrance="web")
    flash("已放回发件箱，稍后重新发送。", "success")
    return redirect(url_for("outbox.mail", mail_id=mail_id))


@blueprint.post("/requeue")
@requires(Role.ADMINISTRATOR)
def requeue_all() -> ResponseReturnValue:
    state = _state_of(request.form)
    if state is None:
        raise NotFound()
    with transaction() as session:
        number = outbox_upkeep.requeue_all(session, state, actor=current_actor(), now=now(), entrance="web")
    flash(f"已放回发件箱 {number} 封，稍后重新发送。", "success")
    return redirect(url_for("outbox.mail_list"))


@blueprint.post("/<int:mail_id>/drop")
@requires(Role.ADMINISTRATOR)
def drop(mail_id: int) -> ResponseReturnValue:
    with transaction() as session:
        outbox_upkeep.drop(session, mail_id, actor=current_actor(), now=now(), entrance="web")
    flash("已处理，这封邮件不再发送。", "success")
    return redirect(url_for("outbox.mail", mail_id=mail_id))


@blueprint.post("/release")
@requires(Role.ADMINISTRATOR)
def release() -> ResponseReturnValue:
    with transaction() as session:
        dropped = mail_gate.release_mail(
            session,
            drops_older=bool(request.form.get("drops_older")),
            actor=current_actor(),
            now=now(),
            entrance="web",
        )
    flash(f"已恢复发信{f'，取消旧邮件 {dropped} 封' if dropped else ''}。", "success")
    return redirect(url_for("outbox.mail_list"))


@blueprint.post("/addresses/switch-on")
@requires(Role.ADMINISTRATOR)
def switch_address_on() -> ResponseReturnValue:
    address = request.form.get("address", "")
    with transaction() as session:
        mail_gate.switch_address_on(session, address, actor=current_actor(), now=now(), entrance="web")
    flash(f"{address} 重新启用，之后的邮件照常发送。", "success")
    return redirect(url_for("outbox.mail_list"))


def _asked_state() -> OutboxState | None:
    return _state_of(request.args)


def _state_of(asked: Mapping[str, str]) -> OutboxState | None:
    state = asked.get("state", "")
    return OutboxState(state) if state in list(OutboxState) else None

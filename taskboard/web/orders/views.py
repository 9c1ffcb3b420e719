"""Formal orders: what the rules propose, the list, one order with its document, and making one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, NotFound, NotNow, Stale
from taskboard.domain.orders import OrderAct, OrderKind, OrderState
from taskboard.domain.roles import Role
from taskboard.extensions import now, read_session, today, transaction
from taskboard.services import order_proposals, orders
from taskboard.services.cases import Acting
from taskboard.services.order_document import write_order
from taskboard.services.orders import OrderDetail, OrderDraft, OrderRow
from taskboard.web.forms import Form, VersionedForm, page_number
from taskboard.web.guards import current_actor, requires
from taskboard.web.once import current_calendar
from taskboard.web.orders.forms import OrderForm, ReplyForm, ReturnReplyForm, SettleForm, WithdrawForm

ENTRANCE = "web"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
READERS = tuple(role for role in Role if role not in (Role.ADMINISTRATOR,))

blueprint = Blueprint("orders", __name__)

Kind = TypeVar("Kind", bound=StrEnum)


@blueprint.app_context_processor
def share_with_task_pages() -> dict[str, object]:
    return {"task_orders": _task_orders}


def _task_orders(task_id: int) -> list[OrderRow]:
    return orders.list_task_orders(read_session(), task_id, current_actor(), today=today())


@blueprint.get("/orders")
@requires(*READERS)
def order_list() -> ResponseReturnValue:
    """The orders that were made, and for supervisors those that the rules propose."""
    session, actor = read_session(), current_actor()
    kind, state = _choice(OrderKind, "kind"), _choice(OrderState, "state")
    return render_template(
        "orders/list.html",
        page=orders.list_orders(session, actor, today=today(), kind=kind, state=state, number=page_number()),
        proposals=order_proposals.list_proposals(session, actor, today=today(), calendar=current_calendar()),
        kind=kind,
        state=state,
        kinds=list(OrderKind),
        states=list(OrderState),
    )


def _choice(kind: type[Kind], name: str) -> Kind | None:
    asked = request.args.get(name, "")
    return kind(asked) if asked in {one.value for one in kind} else None


# Making one


@blueprint.get("/tasks/<int:task_id>/assignments/<int:assignment_id>/order")
@requires(Role.SUPERVISOR)
def new(task_id: int, assignment_id: int) -> ResponseReturnValue:
    draft = _draft(task_id, assignment_id, _choice(OrderKind, "kind") or OrderKind.REMINDER_NOTE)
    form = OrderForm(formdata=None)
    form.kind.data, form.text.data, form.due_on.data = draft.kind, draft.text, draft.due_on
    return render_template("orders/new.html", draft=draft, form=form, kinds=list(OrderKind))


@blueprint.post("/tasks/<int:task_id>/assignments/<int:assignment_id>/order")
@requires(Role.SUPERVISOR)
def confirm(task_id: int, assignment_id: int) -> ResponseReturnValue:
    """Give the order its number and send it."""
    form = OrderForm()
    is_valid = form.validate()
    kind = form.kind.data if isinstance(form.kind.data, OrderKind) else OrderKind.REMINDER_NOTE
    draft = _draft(task_id, assignment_id, kind)
    if not is_valid:
        return render_template("orders/new.html", draft=draft, form=form, kinds=list(OrderKind)), 422
    try:
        with transaction() as session:
            order_id = orders.confirm_order(
                session, assignment_id, kind=kind, text=form.text.data or "", due_on=form.due_on.day, **_by(form)
            )
    except Invalid as error:
        form.show_problem(error)
        draft = _draft(task_id, assignment_id, kind)
        return render_template("orders/new.html", draft=draft, form=form, kinds=list(OrderKind)), 422
    flash("已编号发出，并通知了该单位的负责人和联络员。", "success")
    return redirect(url_for("orders.order", order_id=order_id), 303)


def _draft(task_id: int, assignment_id: int, kind: OrderKind) -> OrderDraft:
    session = read_session()
    draft = orders.draft_order(
        session, assignment_id, kind, current_actor(), today=today(), calendar=current_calendar()
    )
    if draft.task_id != task_id:
        raise NotFound(subject="assignment")
    return draft


# One order


@dataclass(frozen=True)
class Offer:
    """One act on an order: its form, the service, in which field of the service the text goes, what is said after."""

    form: type[VersionedForm]
    service: Callable[..., None]
    field: str
    done: str


OFFERS: dict[OrderAct, Offer] = {
    OrderAct.REPLY: Offer(ReplyForm, orders.reply_to_order, "text", "已回复，等待督查室答复。"),
    OrderAct.SETTLE: Offer(SettleForm, orders.settle_order, "reason", "已办结。"),
    OrderAct.RETURN_REPLY: Offer(ReturnReplyForm, orders.return_reply, "reason", "已退回，单位要重新回复。"),
    OrderAct.WITHDRAW_ORDER: Offer(WithdrawForm, orders.withdraw_order, "reason", "已撤回，编号保留。"),
}


@blueprint.get("/orders/<int:order_id>")
def order(order_id: int) -> ResponseReturnValue:
    return _page(_load(order_id)), 200


@blueprint.get("/orders/<int:order_id>/document")
def document(order_id: int) -> ResponseReturnValue:
    """The order as .docx, to be printed and signed."""
    shown = _load(order_id)
    name = f"{shown.number}（{shown.department}）.docx"
    return send_file(BytesIO(write_order(shown)), mimetype=DOCX, as_attachment=True, download_name=name)


def _load(order_id: int) -> OrderDetail:
    session = read_session()
    return orders.get_order(session, order_id, current_actor(), today=today(), calendar=current_calendar())


def _page(shown: OrderDetail, sent: tuple[OrderAct, VersionedForm] | None = None, *, is_stale: bool = False) -> str:
    forms = {act: offer.form(formdata=None) for act, offer in OFFERS.items() if act in shown.acts}
    for form in forms.values():
        form.version.data = shown.order.version
    if sent is not None:
        forms[sent[0]] = sent[1]
    for act, form in forms.items():
        form.keep_apart(act.value)
    return render_template(
        "orders/order.html", shown=shown, order=shown.order, forms=forms, stale=sent[0] if sent and is_stale else None
    )


def _carry_out(order_id: int, act: OrderAct) -> ResponseReturnValue:
    offer = OFFERS[act]
    shown = _load(order_id)
    form = offer.form()
    if not form.validate():
        if act not in shown.acts:
            raise NotNow(act=act, state=shown.order.state)
        return _page(shown, (act, form)), 422
    text = {offer.field: form[offer.field].data or ""}
    try:
        with transaction() as session:
            offer.service(session, order_id, **text, **_by(form), version=form.known_version)
    except Invalid as error:
        form.show_problem(error)
        return _page(_load(order_id), (act, form)), 422
    except Stale:
        shown = _load(order_id)
        if act not in shown.acts:
            raise NotNow(act=act, state=shown.order.state) from None
        form.show_version(shown.order.version)
        return _page(shown, (act, form), is_stale=True), 409
    flash(offer.done, "success")
    return redirect(url_for("orders.order", order_id=order_id), 303)


@blueprint.post("/orders/<int:order_id>/reply")
def reply(order_id: int) -> ResponseReturnValue:
    return _carry_out(order_id, OrderAct.REPLY)


@blueprint.post("/orders/<int:order_id>/settle")
def settle(order_id: int) -> ResponseReturnValue:
    return _carry_out(order_id, OrderAct.SETTLE)


@blueprint.post("/orders/<int:order_id>/return-reply")
def return_reply(order_id: int) -> ResponseReturnValue:
    return _carry_out(order_id, OrderAct.RETURN_REPLY)


@blueprint.post("/orders/<int:order_id>/withdraw-order")
def withdraw_order(order_id: int) -> ResponseReturnValue:
    return _carry_out(order_id, OrderAct.WITHDRAW_ORDER)


def _by(form: Form) -> Acting:
    return {
        "actor": current_actor(),
        "now": now(),
        "entrance": ENTRANCE,
        "request_key": form.request_key.data,
    }

"""How the person at work wants notices, and the page behind the link by which a mail is left (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import NotFound
from taskboard.domain.notice_kinds import NoticeClass, Stream, read_leave_token
from taskboard.domain.roles import Role
from taskboard.extensions import csrf, effective_settings, now, read_session, transaction
from taskboard.labels.notices import STREAMS, notice_words
from taskboard.services import notice_wishes
from taskboard.web.forms import Form
from taskboard.web.guards import current_actor, current_posts, holds_any, public
from taskboard.web.notice_wishes.forms import WishesForm
from taskboard.web.writing import ENTRANCE

blueprint = Blueprint("notice_wishes", __name__)

ENTRANCE_OF_LINKS = "mail"


@blueprint.route("/account/notices", methods=["GET", "POST"])
def wishes() -> ResponseReturnValue:
    person_id = current_actor().person_id
    form = WishesForm()
    if request.method == "GET":
        form.fill_in(notice_wishes.get_wishes(read_session(), person_id))
        return _wishes_page(form)
    if not form.validate():
        return _wishes_page(form, status=422)
    with transaction() as session:
        is_new = notice_wishes.set_wishes(session, person_id, form.wishes, now=now(), entrance=ENTRANCE)
    if is_new:
        flash("已保存，从下一条通知起照此办理。", "success")
    else:
        flash("与原来的设置相同，没有改动。", "info")
    return redirect(url_for("notice_wishes.wishes"), 303)


@blueprint.get("/unsubscribe")
@public
def ask_to_leave() -> ResponseReturnValue:
    """What the link ends and what it cannot end; only the button ends anything, for programs follow links."""
    person_id, stream = _read_link()
    has_left = notice_wishes.has_left(read_session(), person_id, stream)
    return _leave_page(person_id, stream, has_left=has_left)


@blueprint.post("/unsubscribe")
@csrf.exempt  # type: ignore[untyped-decorator] # Flask-WTF has no types
@public
def leave() -> ResponseReturnValue:
    """Done by a mail program without a session, or by the button of the page; the signed link is what lets it."""
    person_id, stream = _read_link()
    with transaction() as session:
        notice_wishes.leave(session, person_id, stream, now=now(), entrance=ENTRANCE_OF_LINKS)
    return _leave_page(person_id, stream, has_left=True)


def _read_link() -> tuple[int, Stream]:
    """Raises :class:`NotFound` in words that tell of a link: who reads them need not have signed in."""
    found = read_leave_token(effective_settings().secret_key, request.args.get("token", ""))
    if found is None or not notice_wishes.has_account(read_session(), found[0]):
        raise NotFound(subject="leave_link")
    return found


def _wishes_page(form: WishesForm, *, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "notice_wishes/wishes.html",
        form=form,
        duty=notice_words(NoticeClass.DUTY),
        personal=notice_words(NoticeClass.PERSONAL),
        is_supervisor=holds_any(current_actor(), Role.SUPERVISOR),
        has_posts=bool(current_posts()),
        has_address=notice_wishes.has_address(read_session(), current_actor().person_id),
    )
    return make_response(page, status)


def _leave_page(person_id: int, stream: Stream, *, has_left: bool) -> ResponseReturnValue:
    page = render_template(
        "notice_wishes/leave.html",
        form=Form(),
        stream=stream.value,
        whose=notice_wishes.masked_recipient(read_session(), person_id),
        words=STREAMS[stream],
        has_left=has_left,
        duty=notice_words(NoticeClass.DUTY),
        token=request.args["token"],
    )
    return make_response(page)

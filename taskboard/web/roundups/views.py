"""Monthly dispatch tables and quarterly review packs for the supervisors of a body."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from flask import Blueprint, flash, make_response, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.labels.errors import problem_words
from taskboard.labels.roundups import COUNTED, DEFINITION, SCOPE, share_words
from taskboard.services import roundups
from taskboard.services.roundup_documents import write_document, write_workbook
from taskboard.services.roundups import RoundupPage
from taskboard.web.guards import current_actor, requires
from taskboard.web.roundups.forms import SendForm, WordsForm
from taskboard.web.writing import writing

DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHANGED_MEANWHILE = "没有办理：您打开页面之后，有人改过正文。下面左边是您的文字，请对照已保存的内容后再次保存。"
MOST_SHOWN = 50

blueprint = Blueprint("roundups", __name__, url_prefix="/roundups")


@blueprint.get("")
@requires(Role.SUPERVISOR)
def roundup_list() -> ResponseReturnValue:
    return render_template("roundups/list.html", rows=roundups.list_roundups(read_session(), current_actor()))


@blueprint.get("/<int:roundup_id>")
def roundup(roundup_id: int) -> ResponseReturnValue:
    return _page(_find(roundup_id))


@blueprint.post("/<int:roundup_id>/words")
@requires(Role.SUPERVISOR)
def change_words(roundup_id: int) -> ResponseReturnValue:
    """Keep the words; what somebody else saved meanwhile is shown beside what was typed."""
    shown, form = _find(roundup_id), WordsForm()
    if not form.validate():
        return _page(shown, words_form=form, status=422)
    try:
        with transaction() as session:
            roundups.change_words(session, roundup_id, form.words.data or "", version=form.known_version, **writing())
    except Invalid as error:
        form.show_problem(error)
        current = _find(roundup_id)
        return _page(current, words_form=form, refused=_refused(current, error, form.words.data), status=422)
    except Stale:
        current = _find(roundup_id)
        form.show_version(current.version)
        return _page(current, words_form=form, theirs=current.words, status=409)
    flash("正文已保存。", "success")
    return redirect(url_for("roundups.roundup", roundup_id=roundup_id), 303)


@blueprint.post("/<int:roundup_id>/send")
@requires(Role.SUPERVISOR)
def send(roundup_id: int) -> ResponseReturnValue:
    """Mail it to the chosen people; there is no second time."""
    shown = _find(roundup_id)
    form = _send_form(shown, SendForm())
    if not form.validate():
        return _page(shown, send_form=form, status=422)
    try:
        with transaction() as session:
            count = roundups.send(
                session,
                roundup_id,
                form.person_ids,
                version=form.known_version,
                request_key=form.request_key.data,
                **writing(),
            )
    except Invalid as error:
        form.show_problem(error)
        current = _find(roundup_id)
        return _page(current, send_form=form, refused=_refused(current, error), status=422)
    except Stale:
        current = _find(roundup_id)
        form.show_version(current.version)
        form.form_errors.append("没有发送：您打开页面之后，有人改过正文。请看过最新内容后再发送。")
        return _page(current, send_form=form, status=409)
    flash(f"已发送给 {count} 人。", "success")
    return redirect(url_for("roundups.roundup", roundup_id=roundup_id), 303)


@blueprint.get("/<int:roundup_id>.docx")
def document(roundup_id: int) -> ResponseReturnValue:
    shown = _find(roundup_id)
    content, name = BytesIO(write_document(shown)), f"{shown.title}.docx"
    return send_file(content, mimetype=DOCUMENT, as_attachment=True, download_name=name)


@blueprint.get("/<int:roundup_id>.xlsx")
def workbook(roundup_id: int) -> ResponseReturnValue:
    shown = _find(roundup_id)
    content, name = BytesIO(write_workbook(shown)), f"{shown.title}.xlsx"
    return send_file(content, mimetype=WORKBOOK, as_attachment=True, download_name=name)


def _find(roundup_id: int) -> RoundupPage:
    return roundups.get_roundup(read_session(), roundup_id, actor=current_actor())


def _send_form(shown: RoundupPage, form: SendForm) -> SendForm:
    if shown.supervises:
        form.offer(roundups.list_readers(read_session(), shown.id, actor=current_actor(), today=today()))
    else:
        form.offer(())
    return form


class Refused(NamedTuple):
    """Why nothing was done where there is no form any more beside which it could stand, and what was typed there."""

    why: str
    typed: str | None


def _refused(shown: RoundupPage, error: Invalid, typed: str | None = None) -> Refused | None:
    return None if shown.may_edit else Refused(problem_words(error), typed)


def _page(
    shown: RoundupPage,
    *,
    words_form: WordsForm | None = None,
    send_form: SendForm | None = None,
    theirs: str | None = None,
    refused: Refused | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    if words_form is None:
        words_form = WordsForm(formdata=None)
        words_form.words.data, words_form.version.data = shown.words, shown.version
    if send_form is None:
        send_form = _send_form(shown, SendForm(formdata=None))
        send_form.version.data = shown.version
    page = render_template(
        "roundups/roundup.html",
        roundup=shown,
        words_form=words_form,
        send_form=send_form,
        theirs=theirs,
        refused=refused,
        changed_meanwhile=CHANGED_MEANWHILE,
        notes=(SCOPE, COUNTED, DEFINITION),
        share_words=share_words,
        most=MOST_SHOWN,
    )
    return make_response(page, status)

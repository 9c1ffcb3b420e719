"""The first set-up, step by step. What was filled in is kept per browser until one of them has finished."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, NotFound
from taskboard.extensions import current_settings, now, read_session, today, transaction
from taskboard.services import accounts, directory_templates, setup
from taskboard.services.directory_changes import DirectoryReading
from taskboard.services.people import PersonValues, check_values, problems_of_values
from taskboard.services.settings import SettingValues, checked_values
from taskboard.services.setup import SetupOrder
from taskboard.web.forms import Form
from taskboard.web.guards import public, set_up_is_over
from taskboard.web.settings.forms import MailForm, Trial
from taskboard.web.settings.views import tried_settings
from taskboard.web.setup.forms import AdministratorForm, BodyForm, CodeForm, DirectoryForm

blueprint = Blueprint("setup", __name__, url_prefix="/setup")

KEY = "setup_key"
STEPS = (
    ("administrator", "系统管理员"),
    ("body", "督查主体"),
    ("mail", "访问地址和邮件"),
    ("directory", "单位目录"),
)


@blueprint.before_request
def _only_while_there_is_nobody() -> None:
    if set_up_is_over():
        raise NotFound()


@blueprint.route("", methods=["GET", "POST"])
@public
def code() -> ResponseReturnValue:
    """Ask for the code that shows who installs."""
    form = CodeForm()
    if not form.is_submitted():
        form.code.data = request.args.get("code", "")
    elif form.validate():
        if setup.is_setup_code(form.code.data or "", current_settings().secret_key):
            session.clear()
            session[KEY] = secrets.token_urlsafe(24)
            return redirect(url_for("setup.administrator"))
        form.code.errors = ["设置码不对。请核对服务器窗口或日志里显示的设置码。"]
    return _page("code", form)


@blueprint.route("/administrator", methods=["GET", "POST"])
@public
def administrator() -> ResponseReturnValue:
    answers, form = _answers(), AdministratorForm()
    if not form.is_submitted():
        form.process(data=answers)
    elif (kept := _checked_administrator(form, answers)) is not None:
        return _keep(kept, "setup.body")
    return _page("administrator", form, has_password="password_hash" in answers)


def _checked_administrator(form: AdministratorForm, answers: dict[str, Any]) -> dict[str, Any] | None:
    """What is to be kept; ``None`` where something is wrong, and then everything that is shows at once."""
    form.validate()
    values = PersonValues(form.username.data or "", form.name.data or "", form.email.data or None)
    form.show_problems(problems_of_values(values))
    username = accounts.normal_username(values.username)
    kept: dict[str, Any] = {}
    if form.password.data or "password_hash" not in answers or answers.get("username") != username:
        try:
            kept["password_hash"] = accounts.new_password(form.password.data or "", username=username)
        except Invalid as error:
            form.show_problems([error])
    if form.errors:
        return None
    checked = check_values(values)
    return {"name": checked.name, "username": checked.username, "email": checked.email or "", **kept}


@blueprint.route("/body", methods=["GET", "POST"])
@public
def body() -> ResponseReturnValue:
    answers, form = _answers("administrator"), BodyForm()
    if not form.is_submitted():
        form.process(data=answers)
    if form.validate_on_submit():
        return _keep({"body": form.body.data, "is_supervisor": form.is_supervisor.data}, "setup.mail")
    return _page("body", form)


@blueprint.route("/mail", methods=["GET", "POST"])
@public
def mail() -> ResponseReturnValue:
    answers, form = _answers("administrator", "body"), MailForm()
    kept, settings = answers.get("mail", {}), current_settings()
    if not form.is_submitted():
        form.fill(kept or {"public_url": request.host_url.rstrip("/")}, settings)
        form.test_to.data = answers.get("test_to") or answers.get("email", "")
    elif request.form.get("act") == "later":
        return _keep({"mail": _address_alone(form)}, "setup.directory")
    elif form.validate() and _are_settings(form, kept):
        try:
            values = form.values(kept)
            if request.form.get("act") == "test":
                tried = asdict(form.try_out(tried_settings(values, settings)))
                _store({"mail": checked_values(values), "test_to": form.test_to.data, "trial": tried})
                return redirect(url_for("setup.mail", trial=1), 303)
            return _keep({"mail": checked_values(values)}, "setup.directory")
        except Invalid as error:
            form.show_problem(error)
    is_tried = request.method == "GET" and "trial" in request.args and "trial" in answers
    return _page("mail", form, trial=Trial(**answers["trial"]) if is_tried else None)


@blueprint.route("/directory", methods=["GET", "POST"])
@public
def directory() -> ResponseReturnValue:
    answers, form = _answers("administrator", "body"), DirectoryForm()
    if not form.is_submitted():
        form.process(data=answers)
        return _directory_page(form, _preview(form) if "preview" in request.args else None)
    if form.validate():
        try:
            _store({"template": form.template.data or "", "place": form.place.data or ""})
            if request.form.get("act") == "finish":
                return _finish(_answers("administrator", "body"))
            _preview(form)
            return redirect(url_for("setup.directory", preview=1), 303)
        except Invalid as error:
            form.show_problem(error)
    return _directory_page(form)


def _are_settings(form: MailForm, kept: dict[str, str]) -> bool:
    """Whether each of the values can be one; what is wrong with any of them shows at once."""
    checks: tuple[Callable[[], object], ...] = (
        lambda: checked_values(SettingValues(public_url=form.public_url.data or "")),
        lambda: checked_values(SettingValues(smtp_url=form.smtp_url.data or "")),
        lambda: form.values(kept),
    )
    for check in checks:
        try:
            check()
        except Invalid as error:
            form.show_problems([error])
    return not form.errors


def _preview(form: DirectoryForm) -> DirectoryReading | None:
    """What the chosen template would add."""
    if not form.template.data:
        return None
    place = form.place.data or ""
    return directory_templates.preview_template(read_session(), form.template.data, place, today=today())


def _directory_page(form: DirectoryForm, preview: DirectoryReading | None = None) -> ResponseReturnValue:
    return _page("directory", form, preview=preview, templates=directory_templates.list_templates())


def _address_alone(form: MailForm) -> dict[str, str]:
    """The public address without the mail settings, which are left for later; nothing where it is none."""
    try:
        return checked_values(SettingValues(public_url=form.public_url.data or ""))
    except Invalid:
        return {}


def _finish(answers: dict[str, Any]) -> ResponseReturnValue:
    order = SetupOrder(
        person=PersonValues(answers["username"], answers["name"], answers.get("email") or None),
        password_hash=answers["password_hash"],
        body=answers["body"],
        is_supervisor=bool(answers.get("is_supervisor")),
        settings=SettingValues(**answers.get("mail", {})),
        template=answers.get("template", ""),
        place=answers.get("place", ""),
    )
    with transaction() as writing:
        setup.finish(writing, order, settings=current_settings(), now=now())
    session.clear()
    following = (
        "可以核对、增减单位，再添加人员" if order.template else "先建立单位目录（导入、套用模板或逐个添加），再添加人员"
    )
    flash(f"设置完成。请用刚才填写的账号和密码登录；登录后{following}。", "success")
    return redirect(url_for("accounts.sign_in"))


class _StepMissing(Exception):
    """A step before this one was not filled in by this browser; ``step`` is where to go."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


@blueprint.errorhandler(_StepMissing)
def _go_back(missing: _StepMissing) -> ResponseReturnValue:
    return redirect(url_for(f"setup.{missing.step}"), 303)


NEEDED = {"administrator": "password_hash", "body": "body"}


def _answers(*steps: str) -> dict[str, Any]:
    """What this browser filled in; leads back to the code, or to the first of these steps that is missing."""
    key = session.get(KEY)
    if not key:
        raise _StepMissing("code")
    answers = setup.load_answers(read_session(), key)
    for step in steps:
        if not answers.get(NEEDED[step]):
            raise _StepMissing(step)
    return answers


def _store(answers: dict[str, Any]) -> None:
    with transaction() as writing:
        setup.keep_answers(writing, session[KEY], answers, now=now())


def _keep(answers: dict[str, Any], following: str) -> ResponseReturnValue:
    _store(answers)
    return redirect(url_for(following))


def _page(
    step: str,
    form: Form,
    *,
    trial: Trial | None = None,
    preview: DirectoryReading | None = None,
    **more: Any,
) -> ResponseReturnValue:
    page = render_template(
        f"setup/{step}.html",
        form=form,
        step=step,
        steps=STEPS,
        settings=current_settings(),
        trial=trial,
        preview=preview,
        **more,
    )
    return make_response(page, 422 if form.errors else 200)

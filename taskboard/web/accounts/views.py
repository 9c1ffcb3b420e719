"""Signing in and out, and the own password."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from taskboard.config import MailTransport
from taskboard.domain.errors import Invalid, NotFound
from taskboard.extensions import effective_settings, now, read_session, transaction
from taskboard.labels.times import clock_words
from taskboard.models import Person
from taskboard.services import account_links, accounts
from taskboard.services.account_links import OpenLink
from taskboard.services.accounts import Attempt, Locked
from taskboard.web.accounts.forms import ForgottenForm, LinkForm, PasswordForm, SignInForm
from taskboard.web.forms import Form
from taskboard.web.guards import SignedIn, SignInNeeded, current_posts, own_address, public, signed_in

blueprint = Blueprint("accounts", __name__)

REFUSED = "账号或密码不对。"


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if form.next.data is None:
        form.next.data = request.args.get("next")
    target = own_address(form.next.data) or url_for("home.home")
    if request.method == "GET" and signed_in() is not None:
        return redirect(target)
    if not form.validate_on_submit():
        return _sign_in_page(form)
    with transaction() as writing:
        attempt = accounts.begin_sign_in(writing, form.username.data or "", address=_address(), now=now())
    if isinstance(attempt, Locked):
        return _locked_page(form, attempt.until)
    account = _sign_in(attempt, form.password.data or "")
    if account is None:
        form.form_errors.append(REFUSED)
        return _sign_in_page(form)
    _begin_session(account)
    return redirect(target)


@blueprint.route("/forgot-password", methods=["GET", "POST"])
@public
def forgot_password() -> ResponseReturnValue:
    """Ask for a link to set a new password; the answer is the same for every name."""
    form = ForgottenForm()
    is_mail_on = effective_settings().mail_transport is not MailTransport.NONE
    if not is_mail_on or not form.validate_on_submit():
        return _forgotten_page(form, is_mail_on=is_mail_on)
    with transaction() as writing:
        locked = account_links.ask_reset(writing, form.username.data or "", address=_address(), now=now())
    if locked is not None:
        form.form_errors.append(f"申请次数太多。请在 {clock_words(locked.until)} 之后再试，或联系系统管理员。")
        return _forgotten_page(form, is_mail_on=True, status=429)
    return _forgotten_page(form, is_mail_on=True, is_asked=True)


@blueprint.route("/set-password", methods=["GET", "POST"])
@public
def set_password() -> ResponseReturnValue:
    """The page behind a link of an invitation or a reset; only sending the form uses the link up."""
    form = LinkForm()
    if form.token.data is None:
        form.token.data = request.args.get("token", "")
    link = account_links.find_link(read_session(), form.token.data or "", now=now())
    if link is None:
        return make_response(render_template("accounts/set_password.html", form=form, link=None), 404)
    if not form.validate_on_submit():
        return _link_page(form, link)
    try:
        password_hash = accounts.new_password(
            form.password.data or "", username=link.username, current_hash=link.password_hash
        )
        with transaction() as writing:
            account_links.use_link(writing, form.token.data or "", password_hash, now=now(), entrance="web")
    except Invalid as error:
        form.show_problem(error)
        return _link_page(form, link)
    except NotFound:
        return make_response(render_template("accounts/set_password.html", form=form, link=None), 404)
    logout_user()
    session.clear()
    flash("密码已设置，请登录。", "success")
    return redirect(url_for("accounts.sign_in"))


@blueprint.post("/account/end-sessions")
def end_sessions() -> ResponseReturnValue:
    person_id = _account().person_id
    with transaction() as writing:
        account = _signed_in(accounts.end_own_sessions(writing, person_id, now=now(), entrance="web"))
    _begin_session(account)
    flash("在其他设备上的登录已全部退出。", "success")
    return redirect(url_for("accounts.account"))


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    person_id = _account().person_id
    with transaction() as writing:
        accounts.record_sign_out(writing, person_id, now=now(), entrance="web")
    logout_user()
    session.clear()
    flash("您已退出。", "success")
    return redirect(url_for("accounts.sign_in"))


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate_on_submit():
        return _account_page(form)
    with transaction() as writing:
        attempt = accounts.begin_sign_in(writing, _account().username, address=_address(), now=now())
    if isinstance(attempt, Locked):
        form.form_errors.append(_locked_words(attempt.until))
        return _account_page(form, status=429)
    try:
        if not accounts.is_password(attempt, form.current_password.data or ""):
            raise Invalid("current_password", "wrong_password")
        with transaction() as writing:
            accounts.confirm_attempt(writing, attempt)
        password_hash = accounts.new_password(
            form.password.data or "", username=attempt.account, current_hash=attempt.password_hash
        )
        with transaction() as writing:
            changed = _signed_in(accounts.change_password(writing, attempt, password_hash, now=now(), entrance="web"))
    except Invalid as error:
        form.show_problem(error)
        return _account_page(form)
    _begin_session(changed)
    flash("密码已修改；在其他设备上的登录已全部退出。", "success")
    return redirect(url_for("accounts.account"))


def _sign_in(attempt: Attempt, password: str) -> SignedIn | None:
    if not accounts.is_password(attempt, password):
        return None
    fresher = accounts.fresher_hash(attempt, password)
    try:
        with transaction() as writing:
            return _signed_in(accounts.complete_sign_in(writing, attempt, fresher=fresher, now=now(), entrance="web"))
    except NotFound:
        return None


def _signed_in(person: Person) -> SignedIn:
    return SignedIn(person.id, person.name, person.username, person.session_epoch, person.must_change_password)


def _begin_session(account: SignedIn) -> None:
    """A session that shares nothing with the one before it."""
    session.clear()
    login_user(account)


def _account() -> SignedIn:
    account = signed_in()
    if account is None:
        raise SignInNeeded
    return account


def _address() -> str:
    return request.remote_addr or "unknown"


def _locked_words(until: datetime) -> str:
    return f"登录失败次数太多，已暂停登录。请在 {clock_words(until)} 之后再试。"


def _locked_page(form: SignInForm, until: datetime) -> Response:
    form.form_errors.append(_locked_words(until))
    page = _sign_in_page(form, status=429)
    page.headers["Retry-After"] = str(max(1, int((until - now()).total_seconds()) + 1))
    return page


def _sign_in_page(form: SignInForm, *, status: int | None = None) -> Response:
    return make_response(render_template("accounts/sign_in.html", form=form), status or _status(form))


def _forgotten_page(
    form: ForgottenForm, *, is_mail_on: bool, is_asked: bool = False, status: int | None = None
) -> Response:
    page = render_template("accounts/forgot_password.html", form=form, is_mail_on=is_mail_on, is_asked=is_asked)
    return make_response(page, status or _status(form))


def _link_page(form: LinkForm, link: OpenLink) -> Response:
    return make_response(render_template("accounts/set_password.html", form=form, link=link), _status(form))


def _account_page(form: PasswordForm, *, status: int | None = None) -> Response:
    page = render_template("accounts/account.html", form=form, account=_account(), posts=current_posts())
    return make_response(page, status or _status(form))


def _status(form: Form) -> int:
    return 422 if form.errors else 200

"""Signing in and out, and the own password."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from taskboard.domain.errors import Invalid, NotFound
from taskboard.extensions import now, transaction
from taskboard.labels.times import clock_words
from taskboard.models import Person
from taskboard.services import accounts
from taskboard.services.accounts import Attempt, Locked
from taskboard.web.accounts.forms import PasswordForm, SignInForm
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


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
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
    return SignedIn(person.id, person.name, person.username, person.session_epoch)


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


def _account_page(form: PasswordForm, *, status: int | None = None) -> Response:
    page = render_template("accounts/account.html", form=form, account=_account(), posts=current_posts())
    return make_response(page, status or _status(form))


def _status(form: Form) -> int:
    return 422 if form.errors else 200

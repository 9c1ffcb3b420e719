"""People: the list, one person with their posts, and the forms to keep both."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from taskboard.config import MailTransport
from taskboard.domain.account_links import account_link_path
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.roles import Role
from taskboard.extensions import current_settings, effective_settings, now, read_session, today, transaction
from taskboard.labels.errors import problem_words
from taskboard.services import absences, account_links, accounts, department_names, people, portfolios, posts
from taskboard.services.people import PersonValues
from taskboard.web.forms import Form, differing, page_number, search_words
from taskboard.web.guards import current_actor, requires
from taskboard.web.people.forms import (
    PASSWORD_HINT,
    EndPostForm,
    NewPersonForm,
    PasswordForm,
    PersonForm,
    PortfolioForm,
    PostForm,
)
from taskboard.web.writing import writing

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("")
@requires(*people.READERS)
def person_list() -> ResponseReturnValue:
    words = search_words()
    session = read_session()
    page = people.list_people(session, actor=current_actor(), today=today(), words=words, number=page_number())
    away = absences.away_today(session, [row.id for row in page.rows], today=today())
    return render_template("people/list.html", page=page, words=words, away=away, may_edit=_may_edit())


@blueprint.get("/<int:person_id>")
@requires(*people.READERS)
def person(person_id: int) -> ResponseReturnValue:
    return _person_page(person_id)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def new_person() -> ResponseReturnValue:
    form = NewPersonForm()
    if not form.validate_on_submit():
        return _form_page(form, None)
    is_mail_on = _is_mail_on()
    try:
        password_hash = _new_hash(form.password.data, form.username.data or "")
        with transaction() as session:
            added = people.add_person(session, _values(form), password_hash=password_hash, **writing())
            person_id = added.id
            is_invited = form.is_invited.data and added.email is not None and password_hash is None and is_mail_on
            if is_invited:
                account_links.make_link(session, person_id, secret_key=_secret_key(), is_by_mail=True, **writing())
    except Invalid as error:
        form.show_problem(error)
        return _form_page(form, None)
    flash("已添加人员，邀请邮件即将发出。请继续设置岗位。" if is_invited else "已添加人员，请继续设置岗位。", "success")
    return redirect(url_for("people.person", person_id=person_id))


@blueprint.route("/<int:person_id>/edit", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def edit_person(person_id: int) -> ResponseReturnValue:
    form = PersonForm()
    if not form.is_submitted():
        form.process(obj=people.get_person(read_session(), person_id, actor=current_actor()))
    if not form.validate_on_submit():
        return _form_page(form, person_id)
    try:
        with transaction() as session:
            people.change_person(session, person_id, _values(form), version=form.known_version, **writing())
    except Invalid as error:
        form.show_problem(error)
        return _form_page(form, person_id)
    except (Stale, StaleDataError):
        return _conflict_page(form, person_id)
    flash("已保存。", "success")
    return redirect(url_for("people.person", person_id=person_id))


@blueprint.post("/<int:person_id>/password")
@requires(Role.ADMINISTRATOR)
def set_password(person_id: int) -> ResponseReturnValue:
    form = PasswordForm()
    username = people.get_person(read_session(), person_id, actor=current_actor()).username
    try:
        password_hash = accounts.new_password(form.password.data or "", username=username)
    except Invalid as error:
        form.show_problem(error)
        return _person_page(person_id, form)
    key = form.request_key.data
    return _do(
        person_id,
        form,
        lambda session: people.set_password(session, person_id, password_hash, request_key=key, **writing()),
        done="已设置密码；此人原有的登录已全部退出，下次登录后须先改成自己的密码。",
    )


@blueprint.post("/<int:person_id>/link")
@requires(Role.ADMINISTRATOR)
def send_link(person_id: int) -> ResponseReturnValue:
    """Send the link by which the person sets a password; one sent before ends."""

    def send(session: Session) -> None:
        if not is_mail_on:
            raise Invalid("link", "mail_is_off")
        account_links.make_link(session, person_id, secret_key=_secret_key(), is_by_mail=True, **writing())

    is_mail_on = _is_mail_on()
    return _do(person_id, Form(), send, done="邮件即将发出；以前的链接已失效。")


@blueprint.post("/<int:person_id>/link/hand-over")
@requires(Role.ADMINISTRATOR)
def hand_link_over(person_id: int) -> ResponseReturnValue:
    """Show the link once, for the administrator to hand over; a form sent again shows another one."""
    try:
        with transaction() as session:
            token = account_links.make_link(session, person_id, secret_key=_secret_key(), is_by_mail=False, **writing())
    except Invalid as error:
        form = Form()
        form.show_problem(error)
        return _person_page(person_id, form)
    session = read_session()
    return render_template(
        "people/link.html",
        person=people.get_person(session, person_id, actor=current_actor()),
        link=account_links.find_open_link(session, person_id, now=now()),
        address=effective_settings().public_url + account_link_path(token or ""),
    )


@blueprint.post("/<int:person_id>/link/withdraw")
@requires(Role.ADMINISTRATOR)
def withdraw_link(person_id: int) -> ResponseReturnValue:
    return _do(
        person_id,
        Form(),
        lambda session: account_links.withdraw_link(session, person_id, **writing()),
        done="链接已作废。",
    )


@blueprint.post("/<int:person_id>/end-sessions")
@requires(Role.ADMINISTRATOR)
def end_sessions(person_id: int) -> ResponseReturnValue:
    form = Form()
    key = form.request_key.data
    return _do(
        person_id,
        form,
        lambda session: people.end_all_sessions(session, person_id, request_key=key, **writing()),
        done="此人在所有设备上的登录已全部退出。",
    )


@blueprint.post("/<int:person_id>/switch-off")
@requires(Role.ADMINISTRATOR)
def switch_off(person_id: int) -> ResponseReturnValue:
    return _do(
        person_id,
        Form(),
        lambda session: people.switch_off(session, person_id, today=today(), **writing()),
        done="已停用账号；此人原有的登录已全部退出。",
    )


@blueprint.post("/<int:person_id>/switch-on")
@requires(Role.ADMINISTRATOR)
def switch_on(person_id: int) -> ResponseReturnValue:
    return _do(
        person_id,
        Form(),
        lambda session: people.switch_on(session, person_id, **writing()),
        done="已启用账号。",
    )


@blueprint.post("/<int:person_id>/posts")
@requires(Role.ADMINISTRATOR)
def add_post(person_id: int) -> ResponseReturnValue:
    form = PostForm()

    def add(session: Session) -> None:
        department = department_names.find_department(session, form.department.data or "", field="department")
        posts.add_post(
            session,
            person_id,
            role=form.role.data,
            department_id=department.id,
            from_on=form.from_on.day,
            to_on=form.to_on.data,
            **writing(),
        )

    return _do(person_id, form, add, done="已添加岗位。")


@blueprint.post("/<int:person_id>/posts/<int:post_id>/end")
@requires(Role.ADMINISTRATOR)
def end_post(person_id: int, post_id: int) -> ResponseReturnValue:
    form = EndPostForm()
    return _do(
        person_id,
        form,
        lambda session: posts.end_post(
            session, person_id, post_id, last_day=form.last_day.day, today=today(), **writing()
        ),
        done="已设置任期结束日。",
        post_id=post_id,
    )


@blueprint.post("/<int:person_id>/posts/<int:post_id>/remove")
@requires(Role.ADMINISTRATOR)
def remove_post(person_id: int, post_id: int) -> ResponseReturnValue:
    return _do(
        person_id,
        Form(),
        lambda session: posts.remove_post(session, person_id, post_id, today=today(), **writing()),
        done="已删除岗位。",
        post_id=post_id,
    )


@blueprint.post("/<int:person_id>/portfolio")
@requires(Role.ADMINISTRATOR)
def add_to_portfolio(person_id: int) -> ResponseReturnValue:
    form = _portfolio_form(PortfolioForm())

    def add(session: Session) -> None:
        name, plan_id = form.department.data, form.plan.data
        department = department_names.find_department(session, name, field="department") if name else None
        portfolios.add_to_portfolio(
            session,
            person_id,
            department_id=department.id if department else None,
            plan_id=int(plan_id) if plan_id else None,
            **writing(),
        )

    return _do(person_id, form, add, done="已加入分管范围。")


@blueprint.post("/<int:person_id>/portfolio/<int:item_id>/remove")
@requires(Role.ADMINISTRATOR)
def remove_from_portfolio(person_id: int, item_id: int) -> ResponseReturnValue:
    return _do(
        person_id,
        Form(),
        lambda session: portfolios.remove_from_portfolio(session, person_id, item_id, **writing()),
        done="已移出分管范围。",
    )


def _portfolio_form(form: PortfolioForm) -> PortfolioForm:
    form.offer(portfolios.list_plan_choices(read_session(), actor=current_actor()))
    form.keep_apart("portfolio")
    return form


def _do(
    person_id: int, form: Form, act: Callable[[Session], None], *, done: str, post_id: int | None = None
) -> ResponseReturnValue:
    """Do one act on a person, and come back to their page: with what was done, or with what was wrong."""
    if not form.validate():
        return _person_page(person_id, form, post_id)
    try:
        with transaction() as session:
            act(session)
    except Invalid as error:
        if error.problem == "work_hangs":
            return _hand_over_first(person_id, error, form, post_id)
        form.show_problem(error)
        return _person_page(person_id, form, post_id)
    flash(done, "success")
    return redirect(url_for("people.person", person_id=person_id))


def _hand_over_first(person_id: int, error: Invalid, form: Form, post_id: int | None) -> ResponseReturnValue:
    """Lead to the page on which the work gets new holders; what was refused is done there."""
    flash(problem_words(error), "warning")
    if post_id is None:
        return redirect(url_for("leaving.leave", person_id=person_id))
    last_day = form.last_day.day if isinstance(form, EndPostForm) else today()
    return redirect(url_for("leaving.end_post", person_id=person_id, post_id=post_id, last_day=last_day.isoformat()))


def _person_page(person_id: int, failed: Form | None = None, failed_post_id: int | None = None) -> Response:
    """The page of one person; a form that failed stands in its place as it was typed."""
    session, day = read_session(), today()
    shown = people.get_person(session, person_id, actor=current_actor())
    held = posts.list_posts(session, person_id)
    is_leader = any(post.role is Role.LEADER and (post.to_on is None or post.to_on >= day) for post in held)
    portfolio_form = None
    if is_leader and _may_edit():
        portfolio_form = failed if isinstance(failed, PortfolioForm) else _portfolio_form(PortfolioForm(formdata=None))
    page = render_template(
        "people/person.html",
        person=shown,
        posts=held,
        portfolio=portfolios.list_portfolio(session, person_id, actor=current_actor()) if is_leader else None,
        portfolio_form=portfolio_form,
        absences=absences.list_absences(session, person_id, today=day),
        today=day,
        post_form=failed if isinstance(failed, PostForm) else _fresh_post_form(),
        password_form=failed if isinstance(failed, PasswordForm) else PasswordForm(formdata=None),
        end_form=failed if isinstance(failed, EndPostForm) else EndPostForm(formdata=None),
        failed_post_id=failed_post_id,
        problems=failed.form_errors if failed is not None else [],
        password_hint=PASSWORD_HINT,
        may_edit=_may_edit(),
        link=account_links.find_open_link(session, person_id, now=now()) if _may_edit() else None,
        is_mail_on=_is_mail_on(),
    )
    return make_response(page, 422 if failed is not None else 200)


def _fresh_post_form() -> PostForm:
    form = PostForm(formdata=None)
    form.from_on.data = today()
    return form


def _new_hash(password: str | None, username: str) -> str | None:
    """The hash of an initial password, None where none was set; raises :class:`Invalid` for a weak one."""
    return accounts.new_password(password, username=username) if password else None


def _is_mail_on() -> bool:
    return effective_settings().mail_transport is not MailTransport.NONE


def _secret_key() -> str:
    return current_settings().secret_key


def _values(form: PersonForm) -> PersonValues:
    return PersonValues(username=form.username.data or "", name=form.name.data or "", email=form.email.data)


def _may_edit() -> bool:
    return current_actor().is_administrator


def _form_page(form: PersonForm, person_id: int | None) -> Response:
    page = render_template(
        "people/form.html",
        form=form,
        person_id=person_id,
        changes=None,
        password_hint=PASSWORD_HINT,
        is_mail_on=_is_mail_on(),
    )
    return make_response(page, 422 if form.errors else 200)


def _conflict_page(form: PersonForm, person_id: int) -> Response:
    """What stands there now beside what was typed; saving again puts the typed in its place."""
    current = people.get_person(read_session(), person_id, actor=current_actor())
    pairs = [
        ("姓名", current.name, form.name.data or ""),
        ("账号", current.username, form.username.data or ""),
        ("邮箱", current.email or "", form.email.data or ""),
    ]
    form.show_version(current.version)
    changes = differing(pairs)
    page = render_template(
        "people/form.html",
        form=form,
        person_id=person_id,
        changes=changes,
        password_hint=PASSWORD_HINT,
        is_mail_on=_is_mail_on(),
    )
    return make_response(page, 409)

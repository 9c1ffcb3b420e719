"""Group robots for administrators: which group gets whose figures, trying one out, switching it off."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.robots import RobotMessageState, Webhook, parse_webhook
from taskboard.domain.roles import Role
from taskboard.extensions import effective_settings, now, read_session, robot_connections, transaction
from taskboard.labels import label, yes_or_no
from taskboard.labels.errors import problem_words
from taskboard.labels.robots import message_words
from taskboard.mail.announcing import speak_once
from taskboard.models import Department, Robot, RobotMessage
from taskboard.services import department_names, robots
from taskboard.web.forms import Changes, Form, differing, key_of
from taskboard.web.guards import requires
from taskboard.web.robots.forms import RobotForm
from taskboard.web.writing import writing

blueprint = Blueprint("robots", __name__, url_prefix="/settings/robots")


@blueprint.get("")
@requires(Role.ADMINISTRATOR)
def robot_list() -> ResponseReturnValue:
    shown = robots.list_robots(read_session())
    return render_template("robots/list.html", robots=shown, message_words=message_words)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def new_robot() -> ResponseReturnValue:
    form = RobotForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                department = department_names.find_department(session, form.department.data or "", field="department")
                key = form.request_key.data
                robot = robots.add_robot(session, form.values(department.id), request_key=key, **writing())
                robot_id = robot.id
            flash("机器人已登记。请试发一条消息，确认群里收得到。", "success")
            return redirect(url_for("robots.edit_robot", robot_id=robot_id))
        except Invalid as error:
            form.show_problem(error)
    return _form_page(form, None)


@blueprint.route("/<int:robot_id>", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def edit_robot(robot_id: int) -> ResponseReturnValue:
    robot = robots.get_robot(read_session(), robot_id)
    form = RobotForm()
    if not form.is_submitted():
        form.fill(robot, read_session().get_one(Department, robot.department_id).name)
    elif form.validate():
        try:
            with transaction() as session:
                department = department_names.find_department(session, form.department.data or "", field="department")
                robots.change_robot(
                    session, robot_id, form.values(department.id), version=form.known_version, **writing()
                )
            flash("已保存。", "success")
            return redirect(url_for("robots.edit_robot", robot_id=robot_id))
        except Invalid as error:
            form.show_problem(error)
        except Stale:
            return _conflict_page(form, robot_id)
    return _form_page(form, robots.get_robot(read_session(), robot_id))


def _form_page(form: RobotForm, robot: Robot | None) -> ResponseReturnValue:
    form.forget_secret()
    return make_response(_robot_page(form, robot), 422 if form.errors else 200)


def _conflict_page(form: RobotForm, robot_id: int) -> ResponseReturnValue:
    """What stands there now beside what was typed; saving again puts the typed in its place."""
    robot = robots.get_robot(read_session(), robot_id)
    department = read_session().get_one(Department, robot.department_id).name
    pairs = [
        (form.name.label.text, robot.name, form.name.data or ""),
        *_address_pairs(form, robot),
        (form.department.label.text, department, form.department.data or ""),
        *(
            (form[name].label.text, yes_or_no(getattr(robot, name)), yes_or_no(form[name].data))
            for name in ("sends_weekly", "sends_daily", "is_on")
        ),
    ]
    form.show_version(robot.version)
    form.forget_secret(is_refused=True)
    changes = differing(pairs)
    return make_response(_robot_page(form, robot, changes), 409)


def _address_pairs(form: RobotForm, robot: Robot) -> Iterator[tuple[str, str, str]]:
    """Address and secret where one of them was typed, neither of them as it is: what is left empty stays as it is."""
    if form.address.data or form.secret.data:
        typed = _shown(parse_webhook(form.address.data)) if form.address.data else "不变"
        yield form.address.label.text, _shown(Webhook(robot.kind, robot.key)), typed
    if form.secret.data:
        yield form.secret.label.text, "已设置" if robot.secret else "没有设置", "新的密钥"


def _shown(webhook: Webhook) -> str:
    return f"{label(webhook.kind)} {webhook.shown}"


def _robot_page(form: RobotForm, robot: Robot | None, changes: Changes | None = None) -> str:
    return render_template(
        "robots/robot.html",
        form=form,
        robot=robot,
        shown=Webhook(robot.kind, robot.key).shown if robot else "",
        messages=robots.list_messages(read_session(), robot.id) if robot else [],
        plain=Form(),
        message_words=message_words,
        changes=changes,
    )


@blueprint.post("/<int:robot_id>/try-out")
@requires(Role.ADMINISTRATOR)
def try_out(robot_id: int) -> ResponseReturnValue:
    """Say something in the group now, within the robot's limit; the same form sent twice says it once."""
    here = redirect(url_for("robots.edit_robot", robot_id=robot_id))
    key = key_of(request.form.get("request_key"), {"trial_of": robot_id})
    try:
        with transaction() as session:
            message_id = robots.queue_trial(
                session, robot_id, key=key, public_url=effective_settings().public_url, now=now()
            )
    except Invalid as error:
        flash(problem_words(error), "error")
        return here
    speak_once(message_id, begin=transaction, now=now, connect=robot_connections())
    message = read_session().get_one(RobotMessage, message_id, populate_existing=True)
    if message.state is RobotMessageState.SENT:
        flash("对方已接收，请到群里查看。", "success")
    else:
        flash(f"试发没有成功：{message.last_error or '请稍候再试'}。", "error")
    return here


@blueprint.post("/<int:robot_id>/remove")
@requires(Role.ADMINISTRATOR)
def remove_robot(robot_id: int) -> ResponseReturnValue:
    with transaction() as session:
        robots.remove_robot(session, robot_id, **writing())
    flash("机器人已移除，它的地址和密钥不再保存。", "success")
    return redirect(url_for("robots.robot_list"))

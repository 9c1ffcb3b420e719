"""The directory: its tree, one department with its names and people, and the forms to keep it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.imports import split_names
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.labels import label, yes_or_no
from taskboard.models import Department
from taskboard.services import (
    department_access,
    department_lists,
    department_names,
    department_tree,
    departments,
    members,
    setup,
    succession_records,
)
from taskboard.services.departments import DepartmentValues
from taskboard.web.departments.forms import AliasForm, DepartmentForm, EndMemberForm, MembersForm, OldNameForm
from taskboard.web.forms import Form, differing, page_number, search_words
from taskboard.web.guards import current_actor, requires
from taskboard.web.writing import writing

blueprint = Blueprint("departments", __name__, url_prefix="/departments")


@blueprint.get("")
@requires(*department_access.READERS)
def department_list() -> ResponseReturnValue:
    words = search_words()
    page = department_lists.list_departments(
        read_session(), actor=current_actor(), today=today(), words=words, number=page_number()
    )
    first_steps = setup.first_steps(read_session()) if _may_edit() else None
    return render_template(
        "departments/list.html", page=page, words=words, may_edit=_may_edit(), first_steps=first_steps
    )


@blueprint.get("/tree")
@requires(*department_access.READERS)
def tree() -> ResponseReturnValue:
    """All departments at once, branches to be opened."""
    nodes = department_lists.load_tree(read_session(), actor=current_actor())
    return render_template("departments/tree.html", nodes=nodes, may_edit=_may_edit())


@blueprint.get("/names")
@requires(*department_access.READERS)
def names() -> ResponseReturnValue:
    """Names for completing what is being typed."""
    return jsonify(department_lists.complete_name(read_session(), search_words(), actor=current_actor()))


@blueprint.get("/<int:department_id>")
@requires(*department_access.READERS)
def department(department_id: int) -> ResponseReturnValue:
    return _department_page(department_id)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def new_department() -> ResponseReturnValue:
    form = DepartmentForm()
    if not form.validate_on_submit():
        return _form_page(form, None)
    try:
        with transaction() as session:
            added = departments.add_department(session, _values(session, form), **writing())
            department_id = added.id
    except Invalid as error:
        form.show_problem(error)
        return _form_page(form, None)
    flash("已添加单位。", "success")
    return redirect(url_for("departments.department", department_id=department_id))


@blueprint.route("/<int:department_id>/edit", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def edit_department(department_id: int) -> ResponseReturnValue:
    form = DepartmentForm()
    if not form.is_submitted():
        current = department_access.get_department(read_session(), department_id, actor=current_actor())
        form.process(obj=_Filled(current))
    if not form.validate_on_submit():
        return _form_page(form, department_id)
    try:
        with transaction() as session:
            departments.change_department(
                session,
                department_id,
                _values(session, form),
                version=form.known_version,
                **writing(),
            )
    except Invalid as error:
        form.show_problem(error)
        return _form_page(form, department_id)
    except (Stale, StaleDataError):
        return _conflict_page(form, department_id)
    flash("已保存。", "success")
    return redirect(url_for("departments.department", department_id=department_id))


@blueprint.post("/<int:department_id>/names")
@requires(Role.ADMINISTRATOR)
def add_alias(department_id: int) -> ResponseReturnValue:
    form = AliasForm()
    return _do(
        department_id,
        form,
        lambda session: department_names.give_alias(session, department_id, form.alias.data or "", **writing()),
        done=f"已添加别名“{form.alias.data}”。",
    )


@blueprint.post("/<int:department_id>/old-names")
@requires(Role.ADMINISTRATOR)
def add_old_name(department_id: int) -> ResponseReturnValue:
    form = OldNameForm()
    return _do(
        department_id,
        form,
        lambda session: department_names.give_old_name(
            session,
            department_id,
            form.old_name.data or "",
            valid_from=form.valid_from.data,
            valid_to=form.valid_to.day,
            **writing(),
        ),
        done=f"已添加曾用名“{form.old_name.data}”。",
    )


@blueprint.post("/<int:department_id>/names/<int:name_id>/remove")
@requires(Role.ADMINISTRATOR)
def remove_alias(department_id: int, name_id: int) -> ResponseReturnValue:
    return _do(
        department_id,
        Form(),
        lambda session: department_names.remove_alias(session, department_id, name_id, **writing()),
        done="已删除别名。",
    )


@blueprint.post("/<int:department_id>/members")
@requires(Role.ADMINISTRATOR)
def add_members(department_id: int) -> ResponseReturnValue:
    form = MembersForm()

    def add(session: Session) -> None:
        named = [
            department_names.find_department(session, name, field="members")
            for name in split_names(form.members.data or "")
        ]
        members.add_members(
            session,
            department_id,
            [one.id for one in named],
            from_on=form.from_on.day,
            to_on=form.to_on.data,
            **writing(),
        )

    return _do(department_id, form, add, done="已添加成员单位。")


@blueprint.post("/<int:department_id>/members/<int:member_id>/end")
@requires(Role.ADMINISTRATOR)
def end_member(department_id: int, member_id: int) -> ResponseReturnValue:
    form = EndMemberForm()
    return _do(
        department_id,
        form,
        lambda session: members.end_member(session, department_id, member_id, last_day=form.last_day.day, **writing()),
        done="已设置结束日。",
        member_id=member_id,
    )


@blueprint.post("/<int:department_id>/members/<int:member_id>/remove")
@requires(Role.ADMINISTRATOR)
def remove_member(department_id: int, member_id: int) -> ResponseReturnValue:
    return _do(
        department_id,
        Form(),
        lambda session: members.remove_member(session, department_id, member_id, **writing()),
        done="已删除成员单位。",
    )


def _do(
    department_id: int, form: Form, act: Callable[[Session], None], *, done: str, member_id: int | None = None
) -> ResponseReturnValue:
    """Do one act on a department, and come back to its page: with what was done, or with what was wrong."""
    if not form.validate():
        return _department_page(department_id, form, member_id)
    try:
        with transaction() as session:
            act(session)
    except Invalid as error:
        form.show_problem(error)
        return _department_page(department_id, form, member_id)
    flash(done, "success")
    return redirect(url_for("departments.department", department_id=department_id))


class _Filled:
    """A department as the form shows it: the parent by its name."""

    def __init__(self, one: Department) -> None:
        self.name = one.name
        self.kind = one.kind
        self.level = one.level
        self.renamed_on = None
        self.parent = _parent_name(one)
        self.needs_sign_off = one.needs_sign_off
        self.is_active = one.is_active
        self.version = one.version


def _parent_name(one: Department) -> str:
    parent = read_session().get(Department, one.parent_id) if one.parent_id else None
    return parent.name if parent else ""


def _values(session: Session, form: DepartmentForm) -> DepartmentValues:
    """What was filled in; raises :class:`Invalid` where the parent's name is nobody's."""
    parent = department_names.find_department(session, form.parent.data, field="parent") if form.parent.data else None
    return DepartmentValues(
        name=form.name.data or "",
        kind=form.kind.data,
        level=form.level.data,
        renamed_on=form.renamed_on.data,
        parent_id=parent.id if parent else None,
        needs_sign_off=form.needs_sign_off.data,
        is_active=form.is_active.data,
    )


def _may_edit() -> bool:
    return current_actor().is_administrator


def _department_page(department_id: int, failed: Form | None = None, failed_member_id: int | None = None) -> Response:
    """The page of one department; a form that failed stands in its place as it was typed."""
    session, actor, day = read_session(), current_actor(), today()
    shown = department_access.get_department(session, department_id, actor=actor)
    is_collective = shown.kind is DepartmentKind.COLLECTIVE
    page = render_template(
        "departments/department.html",
        department=shown,
        parents=department_tree.list_parents(session, shown),
        names=department_names.list_names(session, department_id),
        staff=department_lists.list_staff(session, department_id, today=day),
        children=department_lists.list_children(session, department_id, actor=actor, today=day, number=page_number()),
        members=members.list_members(session, department_id, actor=actor, today=day) if is_collective else [],
        groups=members.list_groups(session, department_id, day=day),
        today=day,
        successions=succession_records.list_successions(session, department_id),
        old_name_form=failed if isinstance(failed, OldNameForm) else OldNameForm(formdata=None),
        form=failed if isinstance(failed, AliasForm) else AliasForm(formdata=None),
        members_form=failed if isinstance(failed, MembersForm) else _fresh_members_form(),
        end_form=failed if isinstance(failed, EndMemberForm) else EndMemberForm(formdata=None),
        failed_member_id=failed_member_id,
        problems=failed.form_errors if failed is not None else [],
        may_edit=_may_edit(),
    )
    return make_response(page, 422 if failed is not None else 200)


def _fresh_members_form() -> MembersForm:
    form = MembersForm(formdata=None)
    form.from_on.data = today()
    return form


def _form_page(form: DepartmentForm, department_id: int | None) -> Response:
    page = render_template("departments/form.html", form=form, department_id=department_id, changes=None)
    return make_response(page, 422 if form.errors else 200)


def _conflict_page(form: DepartmentForm, department_id: int) -> Response:
    """What stands there now beside what was typed; saving again puts the typed in its place."""
    current = _Filled(department_access.get_department(read_session(), department_id, actor=current_actor()))
    pairs = [
        ("单位名称", current.name, form.name.data or ""),
        ("类型", label(current.kind), label(form.kind.data)),
        ("级别", _level_words(current.level), _level_words(form.level.data)),
        ("上级单位", current.parent or "无", form.parent.data or "无"),
        ("负责人审签", yes_or_no(current.needs_sign_off), yes_or_no(form.needs_sign_off.data)),
        ("在用", yes_or_no(current.is_active), yes_or_no(form.is_active.data)),
    ]
    form.show_version(current.version)
    changes = differing(pairs)
    page = render_template("departments/form.html", form=form, department_id=department_id, changes=changes)
    return make_response(page, 409)


def _level_words(level: DepartmentLevel | None) -> str:
    return label(level) if level is not None else "与上级单位相同"

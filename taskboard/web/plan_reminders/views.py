"""A plan's rules of reminding: which milestones are on, their days, who is told, and what they would bring."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.plan_reminders import NEVER_OFF, days_of, most_days, possible_recipients
from taskboard.domain.roles import Role
from taskboard.extensions import read_session, today, transaction
from taskboard.labels.reminders import ANCHORS, RECIPIENTS, rule_words, span_words
from taskboard.services import plan_reminders
from taskboard.services.plan_reminders import PlanRulesPage, Told
from taskboard.web.guards import current_actor, requires
from taskboard.web.kept_forms import keep_and_show, kept_form
from taskboard.web.once import current_calendar
from taskboard.web.plan_reminders.forms import RulesForm
from taskboard.web.writing import writing

blueprint = Blueprint("plan_reminders", __name__)


@blueprint.route("/plans/<int:plan_id>/reminders", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
def rules(plan_id: int) -> ResponseReturnValue:
    """Change the rules, or try them on a task before they are saved."""
    found = plan_reminders.get_rules(read_session(), plan_id, actor=current_actor())
    if request.method == "GET":
        return _tried_page(found)
    form = RulesForm()
    form.read(found.rows, request.form)
    if not form.validate() or form.wrong:
        return _page(found, form, status=422)
    try:
        if "try" in request.form:
            _try_on(found, form)
            return keep_and_show("plan_reminders.rules", plan_id=plan_id, _anchor="told")
        with transaction() as session:
            changed = plan_reminders.set_rules(session, plan_id, form.changes, version=form.known_version, **writing())
    except Invalid as error:
        form.show_problem(error)
        return _page(found, form, status=422)
    except Stale as error:
        form.show_version(error.facts["version"])
        return _page(found, form, status=409, is_stale=True)
    words = f"已保存，有 {changed} 条与通用规则不同。" if changed else "已保存，全部按通用规则。"
    flash(words, "success")
    return redirect(url_for("plan_reminders.rules", plan_id=plan_id), 303)


def _tried_page(found: PlanRulesPage) -> ResponseReturnValue:
    """The rules as they stand, or as they were typed and what they would bring."""
    kept = kept_form()
    form = RulesForm(formdata=kept)
    if kept is None:
        form.fill_in(found.rows)
        form.show_version(found.version)
        return _page(found, form)
    form.read(found.rows, kept)
    try:
        return _page(found, form, told=_try_on(found, form))
    except Invalid as error:
        form.show_problem(error)
        return _page(found, form, status=422)


def _try_on(found: PlanRulesPage, form: RulesForm) -> list[Told]:
    session = read_session()
    if form.task_id.data is None:
        raise Invalid("task_id", "required")
    return plan_reminders.preview(
        session,
        found.plan_id,
        form.task_id.data,
        form.changes,
        actor=current_actor(),
        today=today(),
        calendar=current_calendar(),
    )


def _page(
    found: PlanRulesPage,
    form: RulesForm,
    *,
    told: list[Told] | None = None,
    status: int = 200,
    is_stale: bool = False,
) -> ResponseReturnValue:
    groups: dict[str, list[dict[str, object]]] = {}
    for row in found.rows:
        change = form.changes[row.rule.code]
        possible = possible_recipients(row.rule)
        groups.setdefault(ANCHORS[row.rule.anchor], []).append(
            {
                "code": row.rule.code,
                "words": rule_words(row.rule),
                "span": span_words(row.rule),
                "is_on": change.is_on,
                "days": change.days,
                "unit": "天" if row.rule.days else "个工作日",
                "has_days": bool(days_of(row.rule)),
                "most": most_days(row.rule),
                "to": change.to,
                "recipients": [(one, words) for one, words in RECIPIENTS.items() if one in possible],
                "never_off": row.rule.code in NEVER_OFF,
                "is_changed": row.change is not None,
                "wrong": form.wrong.get(row.rule.code),
            }
        )
    page = render_template(
        "plan_reminders/rules.html",
        found=found,
        form=form,
        groups=groups,
        told=[(one, rule_words(one.rule)) for one in told] if told is not None else None,
        is_stale=is_stale,
    )
    return make_response(page, status)

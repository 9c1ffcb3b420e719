"""The administrator's settings: public address, mail, and when and how fast mails leave."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.config import Settings
from taskboard.domain.errors import Invalid
from taskboard.domain.office_hours import USUAL_HOURS
from taskboard.domain.roles import Role
from taskboard.extensions import current_settings, read_session, transaction
from taskboard.services import sending_rules
from taskboard.services import settings as kept_settings
from taskboard.services.settings import SettingValues, checked_values
from taskboard.web.guards import requires
from taskboard.web.settings.forms import MailForm, SendingForm, Trial
from taskboard.web.writing import writing

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.route("", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def edit() -> ResponseReturnValue:
    form, trial, settings = MailForm(), None, current_settings()
    kept = kept_settings.kept_settings(read_session())
    if not form.is_submitted():
        form.fill(kept, settings)
    elif form.validate():
        try:
            values = form.values(kept)
            if request.form.get("act") == "test":
                trial = form.try_out(tried_settings(values, settings))
            else:
                with transaction() as session:
                    kept_settings.change_settings(session, values, settings=settings, **writing())
                flash("设置已保存。", "success")
                return redirect(url_for("settings.edit"))
        except Invalid as error:
            form.show_problem(error)
    return make_response(settings_page(form, trial), 422 if form.errors else 200)


@blueprint.post("/sending")
@requires(Role.ADMINISTRATOR)
def sending() -> ResponseReturnValue:
    """How many mails may leave and when notices do; what is left empty has its default again."""
    form, settings = SendingForm(), current_settings()
    if form.validate():
        try:
            with transaction() as session:
                is_new = sending_rules.change_rules(
                    session,
                    form.rules,
                    usual_per_minute=settings.mails_per_minute,
                    usual_per_hour=settings.mails_per_hour,
                    **writing(),
                )
        except Invalid as error:
            form.show_problem(error)
        else:
            flash("已保存，立即生效。" if is_new else "与原来的设置相同，没有改动。", "success" if is_new else "info")
            return redirect(url_for("settings.edit"), 303)
    mail_form = MailForm(formdata=None)
    mail_form.fill(kept_settings.kept_settings(read_session()), settings)
    return make_response(settings_page(mail_form, None, form), 422)


def settings_page(form: MailForm, trial: Trial | None, sending_form: SendingForm | None = None) -> str:
    if sending_form is None:
        sending_form = SendingForm(formdata=None)
        sending_form.fill(sending_rules.kept_rules(read_session()))
    return render_template(
        "settings/settings.html",
        form=form,
        trial=trial,
        settings=current_settings(),
        sending_form=sending_form,
        usual=USUAL_HOURS,
    )


def tried_settings(values: SettingValues, settings: Settings) -> Settings:
    """The settings as they would hold with these values; raises :class:`Invalid` for one that is none."""
    filled = {name: value for name, value in checked_values(values).items() if value and name not in settings.given}
    return replace(settings, **filled)  # type: ignore[arg-type]

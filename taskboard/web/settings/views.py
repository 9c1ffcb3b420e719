"""The administrator's settings: public address, mail, and when and how fast mails leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.config import Settings
from taskboard.domain.errors import Invalid, Stale
from taskboard.domain.office_hours import EARLIEST, LATEST, LEAST_HOURS, USUAL_HOURS
from taskboard.domain.roles import Role
from taskboard.extensions import current_settings, read_session, transaction
from taskboard.services import sending_rules
from taskboard.services import settings as kept_settings
from taskboard.services.settings import SettingValues, checked_values, version_of_settings
from taskboard.web.forms import Changes, differing
from taskboard.web.guards import requires
from taskboard.web.settings.forms import SendingForm, SettingsForm, Trial
from taskboard.web.writing import writing

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.route("", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
def edit() -> ResponseReturnValue:
    if request.method == "GET":
        return settings_page()
    form, trial, settings = SettingsForm(), None, current_settings()
    kept = kept_settings.kept_settings(read_session())
    if form.validate():
        try:
            values = form.values(kept)
            if request.form.get("act") == "test":
                trial = form.try_out(tried_settings(values, settings))
            else:
                with transaction() as session:
                    kept_settings.change_settings(
                        session, values, version=form.known_version, settings=settings, **writing()
                    )
                flash("设置已保存。", "success")
                return redirect(url_for("settings.edit"))
        except Stale:
            return _settings_conflict(form)
        except Invalid as error:
            # A mask that fits no more: the address that it was shown with is not kept any longer.
            if error.problem == "smtp_password_again" and form.known_version != _version(kept):
                return _settings_conflict(form)
            form.show_problem(error)
    return make_response(settings_page(form, trial=trial), 422 if form.errors else 200)


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
                    version=form.known_version,
                    usual_per_minute=settings.mails_per_minute,
                    usual_per_hour=settings.mails_per_hour,
                    **writing(),
                )
        except Stale:
            return _sending_conflict(form)
        except Invalid as error:
            form.show_problem(error)
        else:
            flash("已保存，立即生效。" if is_new else "与原来的设置相同，没有改动。", "success" if is_new else "info")
            return redirect(url_for("settings.edit"), 303)
    return make_response(settings_page(sending_form=form), 422)


def settings_page(
    form: SettingsForm | None = None,
    sending_form: SendingForm | None = None,
    *,
    trial: Trial | None = None,
    changes: Changes | None = None,
    sending_changes: Changes | None = None,
) -> str:
    """Both forms: one that came back as it was typed, the other as it is kept."""
    return render_template(
        "settings/settings.html",
        form=form or _kept_form(),
        sending_form=sending_form or _kept_sending_form(),
        trial=trial,
        changes=changes,
        sending_changes=sending_changes,
        settings=current_settings(),
        usual=USUAL_HOURS,
        earliest=EARLIEST,
        latest=LATEST,
        least_hours=LEAST_HOURS,
    )


def _kept_form() -> SettingsForm:
    form, kept = SettingsForm(formdata=None), kept_settings.kept_settings(read_session())
    form.fill(kept, current_settings())
    form.show_version(_version(kept))
    return form


def _kept_sending_form() -> SendingForm:
    form, kept = SendingForm(formdata=None), sending_rules.kept_rules(read_session())
    form.fill(kept)
    form.show_version(sending_rules.version_of_rules(kept))
    return form


def _settings_conflict(form: SettingsForm) -> ResponseReturnValue:
    current = _kept_form()
    form.show_version(current.known_version)
    pairs = [
        (one.label.text, current[one.name].data or "无", one.data or "无")
        for one in (form.public_url, form.smtp_url, form.mail_from)
    ]
    return make_response(settings_page(form, changes=differing(pairs)), 409)


def _sending_conflict(form: SendingForm) -> ResponseReturnValue:
    current = _kept_sending_form()
    form.show_version(current.known_version)
    fields: list[Any] = [form.per_minute, form.per_hour, form.opens, form.closes]
    pairs = [(one.label.text, current[one.name]._value() or "默认值", one._value() or "默认值") for one in fields]
    return make_response(settings_page(sending_form=form, sending_changes=differing(pairs)), 409)


def _version(kept: dict[str, str]) -> int:
    return version_of_settings(kept, settings=current_settings())


def tried_settings(values: SettingValues, settings: Settings) -> Settings:
    """The settings as they would hold with these values; raises :class:`Invalid` for one that is none."""
    filled = {name: value for name, value in checked_values(values).items() if value and name not in settings.given}
    return replace(settings, **filled)  # type: ignore[arg-type]

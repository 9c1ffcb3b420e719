"""The administrator's settings: public address and mail."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from taskboard.config import Settings
from taskboard.domain.errors import Invalid
from taskboard.domain.roles import Role
from taskboard.extensions import current_settings, read_session, transaction
from taskboard.services import settings as kept_settings
from taskboard.services.settings import SettingValues, checked_values
from taskboard.web.guards import requires
from taskboard.web.settings.forms import MailForm, Trial
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


def settings_page(form: MailForm, trial: Trial | None) -> str:
    return render_template("settings/settings.html", form=form, trial=trial, settings=current_settings())


def tried_settings(values: SettingValues, settings: Settings) -> Settings:
    """The settings as they would hold with these values; raises :class:`Invalid` for one that is none."""
    filled = {name: value for name, value in checked_values(values).items() if value and name not in settings.given}
    return replace(settings, **filled)  # type: ignore[arg-type]

"""What a page says when one of many decisions was refused and so none was carried out."""

from __future__ import annotations

from taskboard.domain.errors import Invalid
from taskboard.labels.errors import wording
from taskboard.services.revision_decisions import RowRefused
from taskboard.web.forms import Form

NONE_CHANGED = "全部都没有变更。"


def show_refused_row(form: Form, refused: RowRefused) -> None:
    """Name what was refused above the form; a reason that is lacking is named and marked as the field it is.

    The reason is one for all rows, so no row is to blame for it.
    """
    error = refused.error
    if isinstance(error, Invalid) and error.field == "reason":
        form.show_problem(error)
        form.form_errors.append(f"变更已交办的任务，请填写“{form['reason'].label.text}”。{NONE_CHANGED}")
    else:
        form.form_errors.append(f"“{refused.facts['title']}”：{wording(error).advice}{NONE_CHANGED}")

"""Previews with an address: a form that is sent to be looked at is kept, and its page is asked for like any other.

A page drawn in answer to a form would be sent again by the reload and the back button.
"""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from taskboard.extensions import now, read_session, transaction
from taskboard.services import kept_forms
from taskboard.web.guards import current_actor

ARGUMENT = "kept"
NOT_KEPT = frozenset({"csrf_token"})
GONE = "没有找到要核对的内容，可能已超过 7 天。请重新填写。"


def keep_and_show(endpoint: str, **values: Any) -> ResponseReturnValue:
    """Keep the form that was just sent, and lead on to the page that shows it."""
    fields = [(name, text) for name, text in request.form.items(multi=True) if name not in NOT_KEPT]
    with transaction() as session:
        key = kept_forms.keep_form(session, fields, place=request.path, person_id=current_actor().person_id, now=now())
    return redirect(url_for(endpoint, **{**values, ARGUMENT: key}), 303)


def kept_form() -> MultiDict[str, str] | None:
    """The form that the address names, as it was sent; ``None`` where it names none or it is gone."""
    key = request.args.get(ARGUMENT)
    if key is None:
        return None
    fields = kept_forms.find_form(read_session(), key, person_id=current_actor().person_id)
    if fields is None:
        flash(GONE, "warning")
        return None
    return ImmutableMultiDict(fields)

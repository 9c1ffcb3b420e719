"""Forms as they stand on a page, filled in as a browser does it: hidden fields, versions and keys with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lxml import html

Fields = dict[str, Any]


def filled_form(page: str, path: str, *, stands_at: str = "", changes: Mapping[str, Any] | None = None) -> Fields:
    """What the form that goes to ``path`` would send from this page, with changes; a value of ``None`` takes one out.

    A form without an action goes to where it stands. Raises ``LookupError`` where there is none.
    """
    for form in html.fromstring(page).forms:
        goes_to = urlsplit(form.action or stands_at).path
        if form.method != "POST" or goes_to != urlsplit(path).path:
            continue
        fields: dict[str, list[str]] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value.removeprefix("\n"))
        filled: Fields = {name: values if len(values) > 1 else values[0] for name, values in fields.items()}
        filled |= dict(changes or {})
        return {name: value for name, value in filled.items() if value is not None}
    raise LookupError(f"no form that goes to {path}")

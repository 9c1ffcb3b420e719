"""From a template and facts to a mail: subject, plain text, and HTML made of what mail programs are known to show.

A message is a folder of ``templates/mail``: ``subject.txt``, ``body.txt`` and ``body.html``. A name the facts do not
have is an error, and styles are written into the elements, for many mail programs drop the head.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from taskboard.domain.account_links import LinkPurpose, account_link_path, derive_token
from taskboard.domain.notice_kinds import is_personal, leave_path, leave_token, stream_of
from taskboard.domain.outbox import MailKind
from taskboard.labels import LABELS
from taskboard.labels.digests import FIGURES, HATS, SECTIONS, days_words
from taskboard.labels.jobs import JOBS
from taskboard.labels.times import day_words, moment_words, weekday_words

FOLDER = "mail"
TEMPLATE_NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_SUBJECT = 150
ACCOUNT_LINK = "account_link"
OPTIONAL = "is_optional"
"""whether the mail's foot says where its recipient can leave it"""
SUBJECT_BEGINS = "【督办】"
INBOX = "/inbox"
MASK = "（链接只在发出的邮件中，此处不保存）"
BLANK_LINES = re.compile(r"\n{3,}")


class RenderingError(Exception):
    """The template is missing, or the facts do not have what it asks for."""


@dataclass(frozen=True)
class RenderedMail:
    """What the person reads. The subject is one line."""

    subject: str
    text: str
    html: str


class MailRenderer:
    """Renders mails with links that begin with the product's public address."""

    def __init__(self, templates: Path, public_url: str, *, secret_key: str = "") -> None:
        self._public_url = public_url.rstrip("/")
        self._secret_key = secret_key
        self._environment = Environment(
            loader=FileSystemLoader(templates / FOLDER),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.globals.update(link=self._link, days_words=days_words, told=self._told)
        self._environment.filters.update(FILTERS)
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False)

    def render(self, template: str, facts: Mapping[str, Any], *, is_to_keep: bool = False) -> RenderedMail:
        """Fill the three parts in; raises :class:`RenderingError`.

        What is rendered to be kept has a mask in the place of a link that opens an account.
        """
        if has_account_link(facts):
            facts = {**facts, ACCOUNT_LINK: MASK if is_to_keep else self._account_link(facts[ACCOUNT_LINK])}
        facts = {OPTIONAL: is_personal(MailKind.NOTICE, template), **facts}
        html = self._part(template, "body.html", facts)
        try:
            inlined = self._inliner.inline(html)
        except Exception as error:
            raise RenderingError(f"{template}: {type(error).__name__}: {error}") from error
        return RenderedMail(
            subject=self.subject_of(template, facts),
            text=BLANK_LINES.sub("\n\n", self._part(template, "body.txt", facts)).strip() + "\n",
            html=inlined,
        )

    def subject_of(self, template: str, facts: Mapping[str, Any]) -> str:
        """The subject alone, as one line; raises :class:`RenderingError`."""
        return " ".join(self._part(template, "subject.txt", facts).split())[:LONGEST_SUBJECT]

    def _part(self, template: str, part: str, facts: Mapping[str, Any]) -> str:
        if not TEMPLATE_NAME.fullmatch(template):
            raise RenderingError(f"not the name of a template: {template!r}")
        try:
            return self._environment.get_template(f"{template}/{part}").render(facts)
        except Exception as error:
            # Whatever a template or its facts can do wrong must stay the trouble of one mail.
            raise RenderingError(f"{template}: {type(error).__name__}: {error}") from error

    def leave_link(self, person_id: int, kind: MailKind, template: str, facts: Mapping[str, Any]) -> str | None:
        """The link by which its recipient leaves mails of this kind, None where they are duty."""
        stream = stream_of(kind, template, facts)
        if stream is None:
            return None
        return self._link(leave_path(leave_token(self._secret_key, person_id, stream)))

    def _told(self, notice: Mapping[str, Any]) -> dict[str, Any]:
        """One notice that was put off to a morning mail: what its own mail would have been headed."""
        words = self.subject_of(notice["template"], notice["facts"])
        return {
            "words": words.removeprefix(SUBJECT_BEGINS),
            "at": notice["at"],
            "path": notice["facts"].get("path", INBOX),
            "plan": notice["facts"].get("plan"),
            "reason": notice["facts"].get("reason"),
        }

    def _link(self, path: str) -> str:
        return f"{self._public_url}{path}"

    def _account_link(self, link: Mapping[str, str]) -> str:
        return self._link(account_link_path(derive_token(self._secret_key, LinkPurpose(link["purpose"]), link["salt"])))


def has_account_link(facts: Mapping[str, Any]) -> bool:
    """Whether the mail carries a link that opens an account, which only its recipient may read."""
    return ACCOUNT_LINK in facts


_BY_KIND = {(kind.__name__, value): words for (kind, value), words in LABELS.items()}


def label_of(value: str, kind: str) -> str:
    """The words for an enum's plain value: ``{{ state | label("AssignmentState") }}``."""
    return _BY_KIND[kind, value]


def _day(text: str) -> str:
    return day_words(date.fromisoformat(text))


def _short_day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.month}月{day.day}日"


def _weekday(text: str) -> str:
    return weekday_words(date.fromisoformat(text))


def _moment(text: str) -> str:
    return moment_words(datetime.fromisoformat(text))


def _origin(value: str) -> str:
    return label_of(value, "DeadlineOrigin")


FILTERS: dict[str, Callable[..., Any]] = {
    "label": label_of,
    "day": _day,
    "short_day": _short_day,
    "weekday": _weekday,
    "moment": _moment,
    "origin": _origin,
    "section": SECTIONS.__getitem__,
    "figure": FIGURES.__getitem__,
    "hat": HATS.__getitem__,
    "job": JOBS.__getitem__,
}

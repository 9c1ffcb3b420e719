"""What every template can use: the person at work, the navigation, and the words for values, days and lights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, g, request, url_for

from taskboard import __version__
from taskboard.domain.lights import Judgement
from taskboard.domain.roles import Role
from taskboard.domain.workflow import Act
from taskboard.extensions import current_settings, read_session
from taskboard.labels import LIGHT_SHAPES, label, light_reason, times
from taskboard.services.actors import HeldPost
from taskboard.services.inbox import MOST_COUNTED, count_unread
from taskboard.web.guards import current_posts, signed_in

STAFF = frozenset({Role.HEAD, Role.LIAISON, Role.OFFICER})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True)
class Section:
    """A part of the product, and who finds it in the navigation. (What they may see there the pages decide.)"""

    endpoint: str
    words: str
    roles: frozenset[Role]
    is_demo: bool = False
    blueprints: frozenset[str] = frozenset()
    """pages of other subjects that belong to this part"""

    @property
    def is_current(self) -> bool:
        return request.blueprint in self.blueprints | {self.endpoint.partition(".")[0]}


SECTIONS = (
    Section("waiting.waiting", "待办", frozenset({Role.HEAD, Role.LIAISON, Role.SUPERVISOR})),
    Section("tasks.my_tasks", "我的任务", STAFF),
    Section("overdue.overdue_list", "逾期清单", EVERYBODY - {Role.ADMINISTRATOR}),
    # Officers and leaders begin with another page.
    Section("waiting.waiting", "待办", frozenset({Role.OFFICER, Role.LEADER})),
    Section("bulk.task_list", "全部任务", EVERYBODY - {Role.ADMINISTRATOR}),
    Section("instructions.instruction_list", "批示", frozenset({Role.LEADER, Role.SUPERVISOR})),
    Section("help_requests.queue", "协调", frozenset({Role.SUPERVISOR, Role.LEADER})),
    Section("orders.order_list", "督查单", EVERYBODY - {Role.ADMINISTRATOR}),
    Section("roundups.roundup_list", "调度材料", frozenset({Role.SUPERVISOR})),
    Section(
        "plans.index",
        "计划",
        EVERYBODY - {Role.ADMINISTRATOR},
        blueprints=frozenset({"imports", "ledger", "revisions", "scans"}),
    ),
    Section(
        "departments.department_list",
        "单位",
        frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR}),
        blueprints=frozenset({"directory", "renamings", "successions"}),
    ),
    Section(
        "people.person_list",
        "人员",
        frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR}),
        blueprints=frozenset({"leaving"}),
    ),
    Section("calendar.years", "工作日历", frozenset({Role.ADMINISTRATOR})),
    Section("jobs.job_list", "定时作业", frozenset({Role.ADMINISTRATOR})),
    Section("outbox.mail_list", "发件箱", frozenset({Role.ADMINISTRATOR})),
    Section("settings.edit", "设置", frozenset({Role.ADMINISTRATOR}), blueprints=frozenset({"robots"})),
    Section("audit.trail", "审计记录", frozenset({Role.AUDITOR})),
    Section("mailbox.mail_list", "演示邮箱", EVERYBODY, is_demo=True),
)


@dataclass(frozen=True)
class Link:
    address: str
    words: str
    is_current: bool


@dataclass(frozen=True)
class Viewer:
    """The person at work, as the top bar shows them."""

    name: str
    posts: list[str]
    links: list[Link]
    unread: int = 0
    is_at_inbox: bool = False

    @property
    def unread_words(self) -> str:
        """The number beside the messages: from a hundred on, how many more says nothing."""
        return str(self.unread) if self.unread < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


def share_with_templates(app: Flask) -> None:
    app.jinja_env.globals.update(
        find_viewer=find_viewer,
        label=label,
        Act=Act,
        light_reason=light_reason,
        light_shape=light_shape,
        css_class=css_class,
        page_address=page_address,
        version=__version__,
    )
    app.jinja_env.filters.update(
        day=times.day_words,
        weekday=times.weekday_words,
        moment=times.moment_words,
        short_moment=times.short_moment_words,
        clock=times.clock_words,
        days_left=times.days_left_words,
        limit=times.limit_words,
    )


def find_viewer() -> Viewer | None:
    """Who is signed in; None for a visitor, and on the page that says the database failed."""
    if g.get("is_bare"):
        return None
    account = signed_in()
    if account is None:
        return None
    posts = current_posts()
    return Viewer(
        name=account.name,
        posts=[post_words(post) for post in posts],
        links=navigation(posts),
        unread=count_unread(read_session(), account.person_id),
        is_at_inbox=request.blueprint == "inbox",
    )


def post_words(post: HeldPost) -> str:
    """``市财政局 · 联络员``; a post held for another department's want of a holder says so."""
    words = f"{post.department} · {label(post.role)}"
    return f"{words}（代）" if post.is_stand_in else words


def navigation(posts: list[HeldPost]) -> list[Link]:
    """The sections for these posts, each once, in their order."""
    roles = {post.role for post in posts}
    is_demo = current_settings().is_demo
    shown: dict[str, Section] = {}
    for section in SECTIONS:
        if section.roles & roles and (is_demo or not section.is_demo):
            shown.setdefault(section.endpoint, section)
    return [Link(url_for(one.endpoint), one.words, one.is_current) for one in shown.values()]


def light_shape(judgement: Judgement) -> str:
    """The mark that tells lights apart without their colour."""
    return LIGHT_SHAPES[judgement.light]


def css_class(value: StrEnum) -> str:
    """``head_review`` as part of a class name: ``head-review``."""
    return value.value.replace("_", "-")


def page_address(number: int) -> str:
    """This page's own address with another page number, everything else that was asked kept."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(flat=False), "page": number}
    return url_for(request.endpoint or "", **values)

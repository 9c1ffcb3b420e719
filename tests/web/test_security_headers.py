"""What every answer tells the browser, and that nothing on a page needs more than it allows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from apiflask import APIFlask

from taskboard.app import create_app
from taskboard.config import Settings
from tests.support.factories import Usual
from tests.support.visitor import Visitor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ALLOWED_SOURCES = {"'self'", "'none'", "data:"}
PLACES = ["/sign-in", "/account", "/departments", "/nowhere", "/static/taskboard.css"]


@pytest.mark.parametrize("place", PLACES)
def test_every_answer_allows_only_what_comes_from_here(visitor: Visitor, usual: Usual, place: str) -> None:
    with visitor.enter(usual.sun).get(place) as answer:
        headers = answer.headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert {source for sources in policy.values() for source in sources.split()} <= ALLOWED_SOURCES
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_pages_are_not_kept_by_browsers_and_proxies_but_static_files_may_be(visitor: Visitor, usual: Usual) -> None:
    visitor.enter(usual.sun)

    assert visitor.get("/departments").headers["Cache-Control"] == "no-store"
    with visitor.get("/static/taskboard.css") as answer:
        assert "no-store" not in answer.headers["Cache-Control"]


def test_strict_transport_is_asked_for_only_where_the_public_address_is_https(
    visitor: Visitor, settings: Settings
) -> None:
    secure = create_app(replace(settings, public_url="https://taskboard.test")).test_client()

    assert "max-age=31536000" in secure.get("/sign-in").headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in visitor.get("/sign-in").headers


def test_every_page_but_the_public_ones_asks_for_a_sign_in(visitor: Visitor, app: APIFlask, usual: Usual) -> None:
    allowed = {"static", "bootstrap.static", "accounts.sign_in", "accounts.forgot_password", "accounts.set_password"}
    # What they do needs the signed link of a mail; without it they do not exist.
    allowed |= {"notice_wishes.ask_to_leave", "notice_wishes.leave"}
    for rule in app.url_map.iter_rules():
        # The first set-up is for an empty installation; in this one it does not exist.
        if rule.endpoint in allowed or rule.endpoint.startswith(("health.", "setup.")):
            continue
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = visitor.client.open(path, method=method)
            assert answer.status_code in (302, 401), f"{method} {rule.rule}"
            if answer.status_code == 302:
                assert answer.location.startswith("/sign-in"), f"{method} {rule.rule}"

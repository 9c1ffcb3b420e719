"""Who is at the other end: every page asks for a sign-in unless it is marked public, and some ask for a post."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import bindparam, select

from taskboard.domain.errors import NotAllowed
from taskboard.domain.permissions import Actor
from taskboard.domain.roles import Role
from taskboard.extensions import login_manager, read_session, today
from taskboard.models import Person
from taskboard.services import setup
from taskboard.services.actors import HeldPost, load_portfolio, load_posts, make_actor
from taskboard.web.once import once

P = ParamSpec("P")
R = TypeVar("R")

PUBLIC_ENDPOINTS = frozenset({"static", "bootstrap.static"})
WITH_A_PASSWORD_TO_CHANGE = frozenset({"accounts.account", "accounts.sign_out"})
"""what is open to somebody whose password an administrator set"""
IS_PUBLIC = "taskboard_is_public"
IS_SET_UP = "taskboard_is_set_up"
LONGEST_ADDRESS = 1000
SESSION_ID = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


class SignInNeeded(Exception):
    """Something was sent without a valid session: the error page shows what was typed, and the way to sign in."""


@dataclass(frozen=True)
class SignedIn:
    """The account of this request, as plain values that no rollback can expire.

    ``epoch`` stands in the session cookie; raising it in the database ends all sessions of the account.
    """

    person_id: int
    name: str
    username: str
    epoch: int
    must_change_password: bool = False

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return f"{self.person_id}.{self.epoch}"


def guard_pages(app: Flask) -> None:
    """Refuse every page to people who are not signed in, except the public ones."""
    login_manager.init_app(app)
    app.before_request(_require_sign_in)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that needs no sign-in."""
    setattr(view, IS_PUBLIC, True)
    return view


def requires(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only people through who hold one of the roles somewhere; the others are told that they may not."""

    def guarded(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not holds_any(current_actor(), *roles):
                raise NotAllowed()
            return view(*args, **kwargs)

        return checked

    return guarded


def holds_any(actor: Actor, *roles: Role) -> bool:
    return any(actor.holds(role) for role in roles)


def signed_in() -> SignedIn | None:
    """The account of this request, None for a visitor."""
    user = current_user._get_current_object()
    return user if isinstance(user, SignedIn) else None


def current_posts() -> list[HeldPost]:
    """The posts of whoever is signed in, read once a request."""
    account = signed_in()
    if account is None:
        return []
    return once(lambda: load_posts(read_session(), account.person_id, today=today()), "posts")


def current_actor() -> Actor:
    """Who acts in this request. Views behind the guard always have one."""
    account = signed_in()
    if account is None:
        raise SignInNeeded
    posts = current_posts()
    portfolio = once(lambda: load_portfolio(read_session(), account.person_id, posts), "portfolio")
    return make_actor(account.person_id, account.name, posts, portfolio)


def own_address(address: str | None) -> str | None:
    """The address when it is a place on this site, else None: nobody is led elsewhere by a crafted link."""
    if not address or len(address) > LONGEST_ADDRESS or not address.startswith("/"):
        return None
    if address.startswith(("//", "/\\")) or not address.isprintable() or "\\" in address:
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc else address


_ACCOUNT = select(Person.id, Person.name, Person.username, Person.session_epoch, Person.must_change_password).where(
    Person.id == bindparam("person_id"), Person.is_active, Person.session_epoch == bindparam("epoch")
)


@login_manager.user_loader  # type: ignore[untyped-decorator] # Flask-Login has no types
def _load_account(session_id: str) -> SignedIn | None:
    parts = SESSION_ID.fullmatch(session_id)
    if parts is None:
        return None
    person_id, epoch = (int(part) for part in parts.groups())
    found = read_session().execute(_ACCOUNT, {"person_id": person_id, "epoch": epoch}).one_or_none()
    return SignedIn(*found) if found else None


def set_up_is_over() -> bool:
    """Whether there is an account; once there is one this process asks no more."""
    if not current_app.extensions.get(IS_SET_UP, False):
        current_app.extensions[IS_SET_UP] = not setup.is_open(read_session())
    return bool(current_app.extensions[IS_SET_UP])


def _require_sign_in() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS:
        return None
    if getattr(current_app.view_functions[request.endpoint], IS_PUBLIC, False):
        leads_in = request.endpoint.partition(".")[0] == "accounts"
        return redirect(url_for("setup.code"), 303) if leads_in and not set_up_is_over() else None
    account = signed_in()
    if account is not None:
        if account.must_change_password and request.endpoint not in WITH_A_PASSWORD_TO_CHANGE:
            return redirect(url_for("accounts.account"), 303)
        return None
    if not set_up_is_over():
        return redirect(url_for("setup.code"), 303)
    if request.method not in ("GET", "HEAD"):
        raise SignInNeeded
    here = request.full_path if request.query_string else request.path
    return redirect(url_for("accounts.sign_in", next=own_address(here)))

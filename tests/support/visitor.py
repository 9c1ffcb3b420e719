"""Somebody at a browser, without the browser: keeps the session and sends forms with their token."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from taskboard.models import Person
from tests.support.factories import PASSWORD

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HIDDEN = re.compile(r'name="(version|request_key)"[^>]*value="([^"]*)"')


class Visitor:
    """A visitor of the application; signed in after :meth:`enter` or :meth:`sign_in`."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def enter(self, person: Person) -> Visitor:
        """Be signed in as this person, without the way there (which hashes a password)."""
        with self.client.session_transaction() as session:
            session.clear()
            session["_user_id"] = f"{person.id}.{person.session_epoch}"
            session["_fresh"] = True
        self.token = ""
        return self

    def sign_in(self, username: str, password: str = PASSWORD, **fields: Any) -> TestResponse:
        """Send the sign-in form."""
        self.token = found_token(self.client.get("/sign-in").text)
        answer = self.post("/sign-in", username=username, password=password, **fields)
        self.token = ""
        return answer

    def leave(self) -> Visitor:
        """Forget the session, as a browser that is closed."""
        self.client.delete_cookie("taskboard_session")
        self.token = ""
        return self

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query or None)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form; a field may have several values, or be a file as werkzeug's client takes it."""
        if not self.token:
            self.token = found_token(self.client.get("/account").text)
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        answer.request.environ["wsgi.input"].close()  # a large body lies in a file of its own
        return answer

    def form_at(self, path: str) -> dict[str, str]:
        """The hidden fields of the form at this address, except its token."""
        return dict(HIDDEN.findall(self.get(path).text))


def found_token(page: str) -> str:
    found = TOKEN.search(page)
    assert found is not None, "no form on this page"
    return found.group(1)

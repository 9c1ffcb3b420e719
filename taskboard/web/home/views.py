"""The first page, which leads each person to their work."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from taskboard.web.guards import current_posts
from taskboard.web.shared import navigation

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The first section of this person's navigation is their work; without a post there is only the explanation."""
    links = navigation(current_posts())
    if links:
        return redirect(links[0].address)
    return render_template("home/home.html")

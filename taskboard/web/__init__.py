"""The pages. One package per subject: ``views.py`` and ``forms.py``; templates lie in ``templates/<subject>/``."""

from __future__ import annotations

from flask import Flask


def register_pages(app: Flask) -> None:
    """Attach every page, the error pages and what all templates share."""

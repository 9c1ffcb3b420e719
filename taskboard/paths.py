"""Where templates and migrations lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def _shipped(name: str) -> Path:
    return next(path for path in (PACKAGE / name, PACKAGE.parent / name) if path.is_dir())


TEMPLATES = _shipped("templates")
MIGRATIONS = _shipped("migrations")
STATIC = PACKAGE / "static"

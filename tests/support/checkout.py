"""The files of this checkout, for the tests about the project itself."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def committed_files() -> list[Path]:
    """Every file that is, or is about to be, committed."""
    listing = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


@dataclass(frozen=True)
class Lock:
    """A lock file: package name → version, and its text."""

    versions: Mapping[str, str]
    text: str


def read_lock(name: str) -> Lock:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^([A-Za-z0-9][\w.-]*)==([^\s;]+)", text, re.MULTILINE)
    return Lock({canonicalize_name(package): version for package, version in entries}, text)

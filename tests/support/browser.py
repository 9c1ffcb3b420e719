"""The Chromium that browser tests drive: where it is, and how it is started."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# `dev.py test` unpacks the one from npm to this place, where neither apt nor playwright could bring one.
UNPACKED_FROM_NPM = ROOT / ".venv" / "chromium" / "start"

LAUNCH_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Names and addresses other than this machine's own do not resolve, so that no page can reach the network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


def find_chromium() -> str | None:
    """The path of the Chromium to drive; ``TASKBOARD_CHROMIUM`` decides before everything else."""
    return next((path for path in _candidates() if os.access(path, os.X_OK)), None)


def _candidates() -> Iterator[str]:
    if chosen := os.environ.get("TASKBOARD_CHROMIUM"):
        yield chosen
        return
    for name in ("chromium", "google-chrome"):
        if found := shutil.which(name):
            yield found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path
    yield str(UNPACKED_FROM_NPM)


if __name__ == "__main__":
    path = find_chromium()
    if path is None:
        sys.exit("no Chromium found")
    sys.stdout.write(path + "\n")

"""The application behind a real socket, for browsers and other clients that speak HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

HOST = "127.0.0.1"

# Seconds until it notices that it should stop: every test that uses it waits for that.
POLL_INTERVAL = 0.02


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free port, one thread a request; its address without a slash at the end."""
    from werkzeug.serving import make_server

    server = make_server(HOST, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_INTERVAL,), name="web-server", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()

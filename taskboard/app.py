"""The application: settings in, a Flask application with all its entrances out."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from jinja2 import StrictUndefined
from sqlalchemy import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from taskboard import extensions, paths
from taskboard.clock import Clock, SystemClock
from taskboard.config import Settings
from taskboard.mail.robots import Connect, connect_securely
from taskboard.web import register_pages

CONNECT_SECONDS = 10


def create_app(
    settings: Settings, *, clock: Clock | None = None, robot_connections: Connect = connect_securely
) -> APIFlask:
    """Build the application; in tests ``clock`` replaces the machine's time, and ``robot_connections`` the way to the
    vendors of group robots. No setting reaches either.
    """
    app = APIFlask(
        "taskboard",
        title="taskboard",
        docs_path=None,
        spec_path=None,
        template_folder=str(paths.TEMPLATES),
        static_folder=str(paths.STATIC),
        instance_path=str(settings.instance_dir),
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=settings.max_upload_bytes,
        SESSION_COOKIE_NAME="taskboard_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        WTF_I18N_ENABLED=False,
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        TESTING=settings.is_testing,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["taskboard_settings"] = settings
    app.extensions["taskboard_clock"] = clock or SystemClock()
    app.extensions["taskboard_robot_connections"] = robot_connections
    extensions.init_database(app)
    register_pages(app)
    if settings.trusted_proxies:
        # Only the address is taken from the proxies: links begin with the public address, whatever they say.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # the way Flask documents for middleware
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    return app


def _engine_options(database_url: str) -> dict[str, Any]:
    """A PostgreSQL server that hangs must not hold up whoever asks for two minutes, which is the driver's own limit."""
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        return {"connect_args": {"connect_timeout": CONNECT_SECONDS}}
    return {}

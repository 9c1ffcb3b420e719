"""The WSGI application for servers that are not started by ``taskboard serve``."""

import os

from taskboard.app import create_app
from taskboard.config import settings_from_environment

app = create_app(settings_from_environment(os.environ))

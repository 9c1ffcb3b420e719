"""The pages. One package per subject: ``views.py`` and ``forms.py``; templates lie in ``templates/<subject>/``."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_bootstrap import Bootstrap5
from werkzeug.routing import IntegerConverter

from taskboard.extensions import csrf, current_settings
from taskboard.web import errors, guards, security, shared
from taskboard.web.absences.views import blueprint as absences
from taskboard.web.accounts.views import blueprint as accounts
from taskboard.web.attachments.views import blueprint as attachments
from taskboard.web.audit.views import blueprint as audit
from taskboard.web.bulk.views import blueprint as bulk
from taskboard.web.calendar.views import blueprint as calendar
from taskboard.web.decomposition.views import blueprint as decomposition
from taskboard.web.departments.views import blueprint as departments
from taskboard.web.directory.views import blueprint as directory
from taskboard.web.forms import LARGEST_ID
from taskboard.web.health.views import blueprint as health
from taskboard.web.help_requests.views import blueprint as help_requests
from taskboard.web.home.views import blueprint as home
from taskboard.web.imports.views import blueprint as imports
from taskboard.web.inbox.views import blueprint as inbox
from taskboard.web.instructions.views import blueprint as instructions
from taskboard.web.jobs.views import blueprint as jobs
from taskboard.web.leaving.views import blueprint as leaving
from taskboard.web.ledger.views import blueprint as ledger
from taskboard.web.liaisons.views import blueprint as liaisons
from taskboard.web.mailbox.views import blueprint as mailbox
from taskboard.web.notice_wishes.views import blueprint as notice_wishes
from taskboard.web.orders.views import blueprint as orders
from taskboard.web.outbox.views import blueprint as outbox
from taskboard.web.overdue.views import blueprint as overdue
from taskboard.web.people.views import blueprint as people
from taskboard.web.periods.views import blueprint as periods
from taskboard.web.plan_reminders.views import blueprint as plan_reminders
from taskboard.web.plans.views import blueprint as plans
from taskboard.web.renamings.views import blueprint as renamings
from taskboard.web.revisions.views import blueprint as revisions
from taskboard.web.robots.views import blueprint as robots
from taskboard.web.roundups.views import blueprint as roundups
from taskboard.web.scans.views import blueprint as scans
from taskboard.web.settings.views import blueprint as settings
from taskboard.web.setup.views import blueprint as setup
from taskboard.web.snoozing.views import blueprint as snoozing
from taskboard.web.successions.views import blueprint as successions
from taskboard.web.tasks.views import blueprint as tasks
from taskboard.web.waiting.views import blueprint as waiting

BLUEPRINTS = (
    home,
    setup,
    accounts,
    imports,
    scans,
    plans,
    plan_reminders,
    ledger,
    revisions,
    waiting,
    tasks,
    decomposition,
    periods,
    bulk,
    attachments,
    instructions,
    help_requests,
    overdue,
    orders,
    roundups,
    departments,
    directory,
    successions,
    liaisons,
    renamings,
    people,
    leaving,
    settings,
    robots,
    calendar,
    jobs,
    outbox,
    notice_wishes,
    absences,
    snoozing,
    audit,
    inbox,
    mailbox,
    health,
)
WORKING_DAY = timedelta(hours=12)


class IdConverter(IntegerConverter):
    """``<int:…>`` in an address: a number that no id can be is a page that does not exist."""

    def __init__(self, map: object, *args: object, **kwargs: object) -> None:
        super().__init__(map, max=LARGEST_ID)  # type: ignore[arg-type]


def register_pages(app: Flask) -> None:
    """Attach every page, the error pages and what all templates share."""
    app.url_map.converters["int"] = IdConverter
    app.config["PERMANENT_SESSION_LIFETIME"] = WORKING_DAY
    Bootstrap5(app)
    guards.guard_pages(app)
    csrf.init_app(app)
    errors.register_error_pages(app)
    with app.app_context():
        security.add_security_headers(app, current_settings())
    shared.share_with_templates(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

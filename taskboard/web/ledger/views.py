"""The ledger of a plan as a workbook, and what comes back in one."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from taskboard.extensions import now, read_session, today
from taskboard.services.calendar import load_calendar
from taskboard.services.ledger import load_ledger
from taskboard.services.ledger_workbook import write_ledger
from taskboard.web.guards import current_actor

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAME_LENGTH = 80

blueprint = Blueprint("ledger", __name__)


@blueprint.get("/plans/<int:plan_id>/ledger.xlsx")
def export(plan_id: int) -> ResponseReturnValue:
    """The ledger with every task of the plan that this person may see."""
    session = read_session()
    ledger = load_ledger(session, plan_id, current_actor(), now=now(), calendar=load_calendar(session))
    name = f"{_file_name(ledger.plan)}-台账-{today():%Y%m%d}.xlsx"
    return send_file(BytesIO(write_ledger(ledger)), mimetype=WORKBOOK, as_attachment=True, download_name=name)


def _file_name(title: str) -> str:
    """The title as part of a file name: without what file systems refuse."""
    return "".join(" " if char in '\\/:*?"<>|' or not char.isprintable() else char for char in title)[:NAME_LENGTH]

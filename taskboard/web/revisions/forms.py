"""The form of the comparison page: one decision for each row, and a reason for all of them."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField

from taskboard.domain.errors import Stale
from taskboard.domain.plan_comparison import Field
from taskboard.services.revision_decisions import RevisionDecisions
from taskboard.services.revisions import Revision
from taskboard.web.forms import MaxLength, TextField, VersionedForm, read_id

LONGEST_REASON = 1000


class RevisionForm(VersionedForm):
    """What concerns the revision as a whole; the decisions on rows come as :func:`decisions_of` reads them."""

    reason = TextField("变更原因", [MaxLength(LONGEST_REASON)])
    takes_title = BooleanField("计划的名称、文号、日期改用新文件的")
    leads_are_checked = BooleanField("已核对按列名推断的牵头单位")


def decisions_of(form: RevisionForm, sent: MultiDict[str, str]) -> RevisionDecisions:
    """What was ticked; raises :class:`Stale` for what the page never offered."""
    try:
        return RevisionDecisions(
            added=frozenset(sent.getlist("add")),
            taken=_taken(sent),
            ended=frozenset(_id(one) for one in sent.getlist("end")),
            versions={_id(name.removeprefix("version-")): _id(sent[name]) for name in sent if _is_version(name)},
            takes_title=bool(form.takes_title.data),
            leads_are_checked=bool(form.leads_are_checked.data),
            reason=form.reason.data or "",
        )
    except ValueError:
        raise Stale(subject="import_draft") from None


def _is_version(name: str) -> bool:
    return name.startswith("version-")


def _taken(sent: MultiDict[str, str]) -> dict[str, frozenset[Field]]:
    names = [name for name in sent if name.startswith("take-")]
    return {name.removeprefix("take-"): frozenset(Field(value) for value in sent.getlist(name)) for name in names}


def _id(text: str) -> int:
    found = read_id(text)
    if found is None:
        raise ValueError(text)
    return found


def usual_decisions(revision: Revision) -> dict[str, Any]:
    """What is ticked before anybody decided: new measures become drafts, nothing that runs changes."""
    return {"added": {one.row.key for one in revision.added}, "taken": {}, "ended": set()}


def shown_decisions(decisions: RevisionDecisions) -> dict[str, Any]:
    """What stays ticked on a page that came back."""
    return {"added": decisions.added, "taken": decisions.taken, "ended": decisions.ended}

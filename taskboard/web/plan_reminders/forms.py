"""The form of a plan's rules of reminding: a row of fields for each rule."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict
from wtforms.widgets import TextInput

from taskboard.domain.errors import Invalid
from taskboard.domain.plan_reminders import RuleChange, days_of
from taskboard.domain.reminders import Recipient, Rule
from taskboard.labels.errors import problem_words
from taskboard.services.plan_reminders import RuleRow
from taskboard.web.forms import IdField, VersionedForm
from taskboard.web.typed import plain

LONGEST_NUMBER = 3


class RulesForm(VersionedForm):
    """``changes`` are what was typed, the usual included; ``wrong`` the words beside a rule that cannot be read."""

    task_id = IdField("任务", widget=TextInput())
    """the page offers it as a list of the plan's tasks"""

    def fill_in(self, rows: list[RuleRow]) -> None:
        """Show what the plan has."""
        self.wrong: dict[str, str] = {}
        self.changes = {row.rule.code: _shown(row.rule, row.change) for row in rows}

    def read(self, rows: list[RuleRow], sent: MultiDict[str, str]) -> None:
        """Take what was typed."""
        self.wrong = {}
        self.changes = {row.rule.code: self._read_row(row.rule, sent) for row in rows}

    def _read_row(self, rule: Rule, sent: MultiDict[str, str]) -> RuleChange:
        typed = plain(sent.get(f"days:{rule.code}"))
        is_number = typed.isascii() and typed.isdecimal() and len(typed) <= LONGEST_NUMBER
        if days_of(rule) and not is_number:
            self.wrong[rule.code] = "请填整数。"
        names = {one.value for one in Recipient}
        return RuleChange(
            is_on=f"on:{rule.code}" in sent,
            days=int(typed) if is_number else days_of(rule),
            to=frozenset(Recipient(one) for one in sent.getlist(f"to:{rule.code}") if one in names),
        )

    def show_problem(self, error: Invalid) -> None:
        if error.field in self.changes:
            self.wrong[error.field] = problem_words(error)
        else:
            super().show_problem(error)


def _shown(rule: Rule, change: RuleChange | None) -> RuleChange:
    change = change or RuleChange()
    return RuleChange(
        change.is_on,
        days_of(rule) if change.days is None else change.days,
        rule.to if change.to is None else change.to,
    )

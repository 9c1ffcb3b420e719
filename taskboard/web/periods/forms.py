"""Forms of report periods: a plan's rhythm, and a task's trajectory."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.datastructures import MultiDict
from wtforms import SelectField
from wtforms.validators import Optional

from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.labels.targets import PLAN_RHYTHMS, figure_words
from taskboard.services.trajectories import PlannedPeriod
from taskboard.web.forms import Form, VersionedForm, WholeNumberField, choices
from taskboard.web.typed import FIGURE_WORDS, read_figure

PERCENT = "percent"


class RhythmForm(VersionedForm):
    rhythm = SelectField(
        "报送频次", choices=choices([(one.value, words) for one, words in PLAN_RHYTHMS.items()]), coerce=PlanRhythm
    )
    day = WholeNumberField("报送日", [Optional()])


class TrajectoryForm(Form):
    """A table of numbers, one cell for each period and target; the first column is the percent."""

    def read(
        self, planned: Iterable[PlannedPeriod], target_ids: Iterable[int], sent: MultiDict[str, str] | None
    ) -> None:
        """Take the cells from what was sent, or from what is planned."""
        columns: list[int | None] = [None, *target_ids]
        self.typed: dict[str, str] = {}
        self.planned: dict[tuple[str, int | None], float] = {}
        self.wrong: dict[str, str] = {}
        for one in planned:
            for target_id in columns:
                name = cell_name(one.period.key, target_id)
                value = one.percent if target_id is None else one.figures.get(target_id)
                known = "" if value is None else figure_words(value)
                self.typed[name] = known if sent is None else (sent.get(name) or "").strip()
                if self.typed[name]:
                    self._read_cell(name, one.period.key, target_id)

    def _read_cell(self, name: str, key: str, target_id: int | None) -> None:
        try:
            value = read_figure(self.typed[name], is_percent=target_id is None)
        except ValueError:
            self.wrong[name] = FIGURE_WORDS
            return
        if value is not None:
            self.planned[key, target_id] = value

    def mark(self, field: str, words: str) -> None:
        """Put what the service found wrong at the cell it names, else above the form."""
        if field in self.typed:
            self.wrong[field] = words
        else:
            self.form_errors.append(words)


def cell_name(key: str, target_id: int | None) -> str:
    """The name of a cell's input."""
    return f"{PERCENT if target_id is None else target_id}-{key}"

"""The field for the targets of a measure: rows of plain fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wtforms import Field
from wtforms.utils import unset_value

from taskboard.domain.imports import (
    NAME_LENGTH,
    UNIT_LENGTH,
)
from taskboard.domain.plan_parsing.reading import Comparison, Target
from taskboard.labels.targets import figure_words, target_words
from taskboard.web.forms import clean_line
from taskboard.web.typed import plain, read_figure

YEAR = re.compile(r"(19|20)[0-9]{2}")


TARGET_COLUMNS = ("words", "quantity", "comparison", "value", "upper", "unit", "base_year")


MOST_TARGETS = 50


class TargetsField(Field):
    """The targets of a measure as rows of plain fields (``<name>_quantity``, …); a row without content is none.

    ``rows`` are the rows as they were typed, so that a wrong one comes back as it was.
    """

    rows: list[dict[str, str]]
    data: tuple[Target, ...]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        self.data = tuple(self.data or ())
        self.rows = [target_row(one) for one in self.data]
        sent = {column: formdata.getlist(f"{self.name}_{column}") for column in TARGET_COLUMNS} if formdata else {}
        length = max(map(len, sent.values()), default=0)
        if not length:
            return
        rows = [
            {column: clean_line(values[place]) if place < len(values) else "" for column, values in sent.items()}
            for place in range(length)
        ]
        self.rows = [row for row in rows if any(row[column] for column in ("quantity", "value", "upper", "unit"))]
        try:
            self.data = tuple(read_target(number, row) for number, row in enumerate(self.rows, start=1))
        except ValueError as error:
            self.process_errors = [str(error)]
        if len(self.rows) > MOST_TARGETS:
            self.process_errors = [f"最多 {MOST_TARGETS} 个指标。"]


def target_row(target: Target) -> dict[str, str]:
    """The fields that show a target."""
    return {
        "words": target.words,
        "quantity": target.quantity,
        "comparison": target.comparison.value,
        "value": figure_words(target.value),
        "upper": figure_words(target.upper) if target.upper is not None else "",
        "unit": target.unit,
        "base_year": str(target.base_year or ""),
    }


def read_target(number: int, row: Mapping[str, str]) -> Target:
    """The target of a row that was typed; raises ``ValueError`` with what is wrong, in words for the person."""
    if not row["value"]:
        raise ValueError(f"第 {number} 个指标没有填目标值；不要这个指标时请清空整行。")
    if row["comparison"] not in set(Comparison):
        raise ValueError(f"第 {number} 个指标请选择比较方式。")
    if len(row["quantity"]) > NAME_LENGTH or len(row["unit"]) > UNIT_LENGTH:
        raise ValueError(f"第 {number} 个指标的名称最多 {NAME_LENGTH} 个字，单位最多 {UNIT_LENGTH} 个字。")
    year = plain(row["base_year"])
    if year and not YEAR.fullmatch(year):
        raise ValueError(f"第 {number} 个指标的基期请填年份，如 2025。")
    target = Target(
        words=row["words"],
        quantity=row["quantity"],
        unit=row["unit"],
        comparison=Comparison(row["comparison"]),
        value=_figure(number, row["value"]),
        upper=_figure(number, row["upper"]) if row["upper"] else None,
        base_year=int(year) if year else None,
    )
    return target if target.words else replace(target, words=target_words(target))


def _figure(number: int, text: str) -> float:
    try:
        figure = read_figure(text)
    except ValueError:
        figure = None
    if figure is None:
        raise ValueError(f"第 {number} 个指标的目标值请填数字，如 95 或 1.2。")
    return figure

"""``taskboard plans …``: read a plan document from the command line; needs no database and no settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any
from unicodedata import east_asian_width

import click

from taskboard.documents.document import DocumentError
from taskboard.documents.isolation import parse_document_safely
from taskboard.domain.plan_parsing import reading_to_dict
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure, ParsedPlan
from taskboard.labels import label
from taskboard.labels.documents import describe_document_problem
from taskboard.labels.operating_system import reason_words
from taskboard.services.calendar import package_calendar
from taskboard.services.evaluation import Evaluation, Figures, evaluate, total

SOURCE_SHOWN = 60


class Unreadable(click.ClickException):
    """The one line that says why a file cannot be read; the exit code is 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=file is None)


@click.group()
def plans() -> None:
    """计划文件：读取、检验。"""


@plans.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["json", "text"]), default="text", show_default=True)
def read(file: Path, form: str) -> None:
    """读出 FILE 中的举措、责任单位和时限，打印出来，不保存。"""
    plan = _read(file)
    if form == "json":
        click.echo(json.dumps(reading_to_dict(plan), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(_lines(plan)))


COLUMNS = {
    "expected": "应有",
    "found": "读出",
    "precision": "准确率",
    "recall": "召回率",
    "f1": "F1",
    "lead": "牵头",
    "partners_f1": "配合",
    "deadline": "时限",
    "deadline_dated": "有期限",
    "recurrence": "周期",
    "marked": "标记率",
    "wrong_marked": "错误被标",
}
"""figure → heading of its column"""

GOLD = ".gold.json"


@plans.command("evaluate")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["json", "text"]), default="text", show_default=True)
def evaluate_folder(folder: Path, form: str) -> None:
    """用 FOLDER 中的标准答案（NAME.gold.json）检验同名文件的读取结果。"""
    if not folder.is_dir():
        raise Unreadable(f"这是文件，不是文件夹：{folder}" if folder.exists() else f"没有这个文件夹：{folder}")
    evaluations = list(_evaluations(folder))
    if not evaluations:
        raise Unreadable(f"没有可检验的文件：{folder}（每份文件旁须有同名的 {GOLD}）")
    if form == "json":
        click.echo(json.dumps(_figures_as_values(evaluations), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(_evaluation_lines(evaluations)))


def _evaluations(folder: Path) -> Iterator[Evaluation]:
    for gold in sorted(folder.glob(f"*{GOLD}")):
        name = gold.name.removesuffix(GOLD)
        document = next((f for f in sorted(folder.glob(f"{name}.*")) if not f.name.endswith(".json")), None)
        if document is None:
            continue
        expected = _right_reading(gold)
        try:
            plan = _read(document)
        except Unreadable as error:
            raise Unreadable(f"{document}：{error.message}") from None
        yield evaluate(name, reading_to_dict(plan), expected)


def _right_reading(gold: Path) -> dict[str, Any]:
    try:
        expected: Any = json.loads(gold.read_text(encoding="utf-8"))
    except ValueError:
        raise Unreadable(f"标准答案不是有效的 JSON：{gold}") from None
    if isinstance(expected, dict):
        measures = expected.get("measures")
        if isinstance(measures, list) and all(isinstance(measure, dict) for measure in measures):
            return expected
    raise Unreadable(f"标准答案中没有 measures（举措的列表）：{gold}")


def _figures_as_values(evaluations: list[Evaluation]) -> dict[str, Any]:
    return {
        "total": _figures(total(evaluations)),
        "documents": {one.document: _figures(one.figures) for one in evaluations},
        "missed": {one.document: list(one.missed) for one in evaluations if one.missed},
        "extra": {one.document: list(one.extra) for one in evaluations if one.extra},
        "wrong": [asdict(wrong) for one in evaluations for wrong in one.wrong],
    }


def _figures(figures: Figures) -> dict[str, float | int | None]:
    return {name: getattr(figures, name) for name in COLUMNS}


def _evaluation_lines(evaluations: list[Evaluation]) -> Iterator[str]:
    yield _padded("文件", 34) + "".join(_padded(heading, 9) for heading in COLUMNS.values())
    rows = [*((one.document, one.figures) for one in evaluations), ("合计", total(evaluations))]
    for name, figures in rows:
        yield _padded(name, 34) + "".join(_padded(_number(value), 9) for value in _figures(figures).values())
    for one in evaluations:
        yield from (f"漏读  {one.document}  {name}" for name in one.missed)
        yield from (f"多读  {one.document}  {name}" for name in one.extra)
        yield from (
            f"{'错（已标记）' if wrong.marked else '错（未标记）'}  {wrong.document}  {wrong.measure}"
            f"  {FIELD_WORDS[wrong.name]}：应为“{wrong.expected}”，读为“{wrong.found}”"
            for wrong in one.wrong
        )


FIELD_WORDS = {"lead": "牵头", "partners": "配合", "deadline": "时限", "recurrence": "周期"}


def _number(value: float | int | None) -> str:
    return "—" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _padded(words: str, width: int) -> str:
    """The words filled up to ``width`` columns of a terminal, in which a Chinese character takes two."""
    shown = sum(2 if east_asian_width(character) in "WF" else 1 for character in words)
    return words + " " * max(1, width - shown)


def _read(file: Path) -> ParsedPlan:
    try:
        _, plan = parse_document_safely(file.read_bytes(), file.name, calendar=package_calendar())
    except FileNotFoundError:
        raise Unreadable(f"没有这个文件：{file}") from None
    except IsADirectoryError:
        raise Unreadable(f"这是文件夹，不是文件：{file}") from None
    except OSError as error:
        raise Unreadable(f"打不开文件：{file}（{reason_words(error)}）") from None
    except DocumentError as error:
        raise Unreadable(describe_document_problem(error.problem, error.facts)) from None
    return plan


def _lines(plan: ParsedPlan) -> Iterator[str]:
    yield plan.title or "（没有读出标题）"
    facts = (
        ("印发单位", plan.issuer),
        ("文号", plan.document_number),
        ("日期", plan.date),
        ("计划期限", plan.horizon),
        ("每项都涉及", "、".join(plan.defaults)),
    )
    yield from (f"{words}：{value}" for words, value in facts if value)
    if plan.problems:
        yield f"\n需要留意 {len(plan.problems)} 处："
        yield from (f"  {one.where}：{one.text}" if one.where else f"  {one.text}" for one in plan.problems)
    yield f"\n举措 {len(plan.measures)} 项："
    for number, measure in enumerate(plan.measures, start=1):
        yield from _measure_lines(number, measure)
    if plan.candidates:
        yield f"\n没有责任单位、未列为举措的条目 {len(plan.candidates)} 条："
        for number, measure in enumerate(plan.candidates, start=1):
            yield f"{number:>4}  {_opening(measure)}"


def _measure_lines(number: int, measure: ParsedMeasure) -> Iterator[str]:
    yield f"{number:>4}  {_opening(measure)}"
    yield f"      牵头 {'、'.join(measure.lead) or '—'}{_origin(measure, 'lead')}"
    if measure.partners:
        yield f"      配合 {'、'.join(measure.partners)}{_origin(measure, 'partners')}"
    stated = f"（{measure.deadline_text}）" if measure.deadline_text else ""
    rhythm = f"  {label(measure.recurrence)}" if measure.recurrence else ""
    yield f"      时限 {measure.deadline or '—'}{stated}{rhythm}{_origin(measure, 'deadline')}"


def _opening(measure: ParsedMeasure) -> str:
    """The path with the heading, or the beginning of the text where there is none."""
    words = " ".join((measure.heading or measure.text_head).split())
    return f"{'·'.join(measure.path)} {words[:SOURCE_SHOWN]}".strip()


def _origin(measure: ParsedMeasure, field: str) -> str:
    return f"  [{label(Origin.INFERRED)}]" if measure.origins.get(field) is Origin.INFERRED else ""

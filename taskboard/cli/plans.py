"""``taskboard plans …``: read a plan document from the command line; needs no database and no settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from taskboard.documents.document import DocumentError
from taskboard.documents.isolation import parse_document_safely
from taskboard.domain.plan_parsing import reading_to_dict
from taskboard.domain.plan_parsing.reading import Origin, ParsedMeasure, ParsedPlan
from taskboard.labels import label
from taskboard.labels.documents import describe_document_problem
from taskboard.services.calendar import package_calendar

SOURCE_SHOWN = 60


class Unreadable(click.ClickException):
    """The one line that says why a file cannot be read; the exit code is 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=file is None)


@click.group()
def plans() -> None:
    """计划文件：读取。"""


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


def _read(file: Path) -> ParsedPlan:
    try:
        _, plan = parse_document_safely(file.read_bytes(), file.name, calendar=package_calendar())
    except FileNotFoundError:
        raise Unreadable(f"没有这个文件：{file}") from None
    except IsADirectoryError:
        raise Unreadable(f"这是文件夹，不是文件：{file}") from None
    except OSError as error:
        raise Unreadable(f"打不开文件：{file}（{error.strerror}）") from None
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

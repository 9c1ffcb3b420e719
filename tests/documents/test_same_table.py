"""The same table as a workbook, a web page, a paste of a sheet and lines with bars gives the same reading."""

from __future__ import annotations

import csv
import html
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from taskboard.documents.reader import read_document
from taskboard.domain.plan_parsing import parse_plan
from tests.documents.files import make_xlsx, sheet_rows

TITLE = "云州市2024年民生实事任务分解表"
HEADER = ("序号", "工作任务", "具体举措", "牵头单位", "配合单位", "完成时限", "备注")
TASKS = ("改造老旧小区", "“一网通办”扩面", "建设口袋公园", '推广"长者食堂"', "增设充电桩（含乡镇）", "整治河道")
ACTIONS = ("新建站点12处", "改造管网30公里，消除漏点", "办结率达到98%以上；回访群众", "建成,投用", "开展“回头看”")
UNITS = ("市住建局", "市财政局", "市教育局", "市水务局", "各县（市、区）人民政府", "市公安局", "市城管局")
LIMITS = ("6月底前", "2024年9月", "每季度", "年底前", "三季度", "长期坚持")
REMARKS = ("", "续建", "新开工")

tables = st.lists(
    st.tuples(
        st.sampled_from(TASKS),
        st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2, unique=True).map("\n".join),
        st.sampled_from(UNITS),
        st.lists(st.sampled_from(UNITS), max_size=3, unique=True),
        st.sampled_from("、\n，"),
        st.sampled_from(LIMITS),
        st.sampled_from(REMARKS),
    ),
    min_size=2,
    max_size=6,
).map(
    lambda rows: [
        (str(number), task, action, lead, between.join(partners), limit, remark)
        for number, (task, action, lead, partners, between, limit, remark) in enumerate(rows, start=1)
    ]
)
Rows = list[tuple[str, ...]]


def as_workbook(rows: Rows) -> bytes:
    return make_xlsx(sheet_rows((TITLE,), HEADER, *rows))


def as_page(rows: Rows) -> bytes:
    lines = (
        "".join(f"<td>{html.escape(cell).replace(chr(10), '<br>')}</td>" for cell in row) for row in (HEADER, *rows)
    )
    table = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<!DOCTYPE html><meta charset=utf-8><body><h1>{TITLE}</h1><table>{table}</table></body>".encode()


def as_paste(rows: Rows) -> bytes:
    written = io.StringIO()
    csv.writer(written, dialect="excel-tab").writerows([HEADER, *rows])
    return f"{TITLE}\r\n{written.getvalue()}".encode()


def as_bars(rows: Rows) -> bytes:
    return "\n".join([TITLE, *(" | ".join(row) for row in (HEADER, *rows))]).encode()


def what_counts(data: bytes, *, broken: str = "\n") -> list[tuple[object, ...]]:
    return [
        (one.path, one.heading, one.text.replace("\n", broken), one.lead, one.partners, one.deadline, one.recurrence)
        for one in parse_plan(read_document(data).blocks).measures
    ]


@settings(max_examples=40, deadline=None)
@given(rows=tables)
def test_a_workbook_a_page_and_a_paste_are_read_alike(rows: Rows) -> None:
    workbook = what_counts(as_workbook(rows))

    assert len(workbook) == len(rows)
    assert what_counts(as_page(rows)) == workbook
    assert what_counts(as_paste(rows)) == workbook


@settings(max_examples=40, deadline=None)
@given(rows=tables)
def test_rows_of_bars_that_run_over_lines_are_read_as_the_workbook(rows: Rows) -> None:
    assert what_counts(as_bars(rows), broken="") == what_counts(as_workbook(rows), broken="")

"""Lines cut at a fixed width, as on printed pages."""

from __future__ import annotations

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph

WIDTH = 24
ITEM = "（{n}）建设平台。沿着轨道站点和产业园区布局，建成房源若干套，交付使用。责任单位：市自然资源和规划局、市财政局"


def test_a_line_joined_over_a_page_does_not_hide_the_width_of_the_others() -> None:
    lines = ["云州市加快发展租赁住房实施计划"]
    for number in "一二三四五六七八九十":
        item = ITEM.format(n=number)
        lines += [item[at : at + WIDTH] for at in range(0, len(item), WIDTH)]
    lines += ["云州市人民政府", "2024年3月1日"]
    lines.insert(7, lines.pop(7) + lines.pop(7))

    plan = parse_plan([Paragraph(line) for line in lines])

    assert {measure.lead for measure in plan.measures} == {("市自然资源和规划局",)}
    assert {measure.partners for measure in plan.measures} == {("市财政局",)}


def test_a_long_list_of_short_lines_has_no_width() -> None:
    lines = ["云州市2024年绿化任务清单（第一批）", *["植树"] * 40]

    assert parse_plan([Paragraph(line) for line in lines]).title == lines[0]

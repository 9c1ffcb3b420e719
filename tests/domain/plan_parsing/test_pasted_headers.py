"""Tables pasted with tabs or bars whose names of columns reach over several rows and columns, and rows that sum up."""

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.reading import ParsedPlan

TITLE = "云州市2024年目标考核指标分解表"
RIGHT = [
    ("空置商铺去化", ("市商务局",), ("市住建局", "各区人民政府"), "2024-11-30"),
    ("新增限上企业", ("市统计局",), ("市商务局",), "2024-12-31"),
    ("河道断面达标", ("市水务局",), (), "2024-09-30"),
]


def plan_of(separator: str, table: str, *before: str) -> ParsedPlan:
    """The reading of a table whose cells stand apart by ;, written with this separator."""
    lines = [line.replace(";", separator).rstrip() for line in table.strip().split("\n")]
    return parse_plan([Paragraph(line) for line in (TITLE, *before, *lines)])


def what_counts(plan: ParsedPlan) -> list[tuple[object, ...]]:
    return [(one.heading, one.lead, one.partners, str(one.deadline)) for one in plan.measures]


with_each_separator = pytest.mark.parametrize("separator", ["\t", "|", " | "], ids=["tabs", "bars", "bars with blanks"])


@with_each_separator
def test_names_over_two_rows_are_read_together(separator: str) -> None:
    table = """
序号;一级指标;二级指标;年度目标;;责任单位;;完成时限
;;;数量;比例;牵头单位;配合单位
1;商贸流通;空置商铺去化;300间;-;市商务局;市住建局，各区人民政府;11月底
2;;新增限上企业;50家;8%;市统计局;市商务局;12月
小计;;;;;;;2项
3;生态环境;河道断面达标;—;100%;市水务局;/;三季度
合 计;;;;;;;3项
"""
    plan = plan_of(separator, table)

    assert what_counts(plan) == RIGHT
    assert [one.text for one in plan.measures] == ["300间", "50家\n8%", "100%"]


@with_each_separator
def test_names_over_three_rows_are_read_together(separator: str) -> None:
    table = """
序号;重点任务;工作安排;;;完成时限
;;具体内容;责任分工;
;;;牵头单位;配合单位
1;空置商铺去化;去化300间;市商务局;市住建局，各区人民政府;11月底
2;新增限上企业;新增50家;市统计局;市商务局;12月
3;河道断面达标;全部达标;市水务局;;9月底
"""
    assert what_counts(plan_of(separator, table)) == RIGHT


@with_each_separator
def test_the_merged_name_may_be_the_last(separator: str) -> None:
    table = """
序号;重点任务;完成时限;责任单位
;;;主 要;配 合
1;空置商铺去化;11月底;市商务局;市住建局，各区人民政府
2;新增限上企业;12月;市统计局;市商务局
3;河道断面达标;9月底;市水务局
"""
    plan = plan_of(separator, table)

    assert [(one.text, one.lead, one.partners, str(one.deadline)) for one in plan.measures] == RIGHT


@with_each_separator
def test_a_row_that_goes_on_with_the_item_above_is_no_second_header(separator: str) -> None:
    table = """
序号;重点任务;具体举措;牵头单位;配合单位;完成时限
1;空置商铺去化;分类处置;市商务局;市住建局;11月底
;;招商引资;市投促局
2;新增限上企业;新增50家;市统计局;市商务局;12月
"""
    plan = plan_of(separator, table)

    assert [(one.heading, one.text, one.lead) for one in plan.measures] == [
        ("空置商铺去化", "分类处置", ("市商务局",)),
        ("空置商铺去化", "招商引资", ("市投促局",)),
        ("新增限上企业", "新增50家", ("市统计局",)),
    ]


def test_who_made_a_table_and_when_may_stand_in_the_cells_above_it() -> None:
    table = """
填报单位：市考核办;;;填报日期：2023年12月20日
序号;重点任务;牵头单位;配合单位;完成时限
1;空置商铺去化;市商务局;市住建局;2024年6月
2;新增限上企业;市统计局;市商务局;2024年9月
"""
    plan = plan_of("\t", table)

    assert (plan.title, plan.issuer, str(plan.date)) == (TITLE, "市考核办", "2023-12-20")
    assert [one.lead for one in plan.measures] == [("市商务局",), ("市统计局",)]


@pytest.mark.parametrize("words", ["小计", "合 计", "本页小计", "总计：2项", "共计（2项）", "累计"])
def test_a_row_that_sums_up_is_no_task(words: str) -> None:
    table = f"""
序号;工作类别;重点任务;牵头单位;完成时限
1;商贸;空置商铺去化;市商务局;6月
{words};;2项;市考核办
;{words};2项
2;环保;河道断面达标;市水务局;9月
"""
    assert [one.lead for one in plan_of("\t", table).measures] == [("市商务局",), ("市水务局",)]

"""The day of a document from wherever it stands, and what is no day of it."""

from datetime import date

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Cell, Paragraph, Table
from taskboard.domain.plan_parsing.identity import read_identity
from taskboard.domain.plan_parsing.text import read_text


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        (["云州市支持实体经济若干措施", "（2019年1月8日市委常委会会议通过）"], date(2019, 1, 8)),
        (["云州高新区若干政策", "（云高管〔2021〕4号，2021年8月26日高新区管委会印发）"], date(2021, 8, 26)),
        (["云州市支持实体经济若干措施", "（2019年1月8日印发）"], date(2019, 1, 8)),
        (["白石镇安全整治工作任务", "白石镇人民政府  2022年3月9日  点击：508"], date(2022, 3, 9)),
        (["索引号", "0143/2021", "成文日期", "2021-09-02", "发布日期", "2021-09-10"], date(2021, 9, 2)),
        (["成文日期：2021年9月2日", "发布日期：2021年9月10日"], date(2021, 9, 2)),
        (["养老服务新闻发布会", "时间：2023年9月14日上午10:00", "地点：发布厅"], date(2023, 9, 14)),
        (["巡察整改台账", "（中共云州县委农村工作领导小组办公室    2023年4月11日）"], date(2023, 4, 11)),
        (["云州市工作要点", "一、重点任务", "云州市人民政府", "二〇二三年二月二十日"], date(2023, 2, 20)),
        (["云州市造林方案", "（云州市林业和草原局2022年9月8日）"], date(2022, 9, 8)),
        (["云州市造林方案", "云州市绿化委员会办公室2022年9月8日"], date(2022, 9, 8)),
        (["云州中学工作计划", "一、健全制度", "云州中学办公室", "2024年2月28日印发"], date(2024, 2, 28)),
        (["云州集团安全方案", "（集团安委会第二次会议审议通过  2024年4月18日）"], date(2024, 4, 18)),
        (["云州市任务清单", "填报单位：市河长办　　填报时间：2024.2.20"], date(2024, 2, 20)),
        (["云州县整改台账", "单位：云州县审计局　　日期：2022年6月30日"], date(2022, 6, 30)),
        (["云州县整改台账", "编制单位：云州县审计局    2022年6月30日"], date(2022, 6, 30)),
        (["专题会议纪要", "〔2023〕47号", "2023年11月14日下午，王副市长主持召开会议，纪要如下："], date(2023, 11, 14)),
    ],
)
def test_the_day_of_a_document_is_found_where_it_stands(lines: list[str], day: date) -> None:
    assert read_identity([read_text(line) for line in lines], []).date == day


@pytest.mark.parametrize(
    ("words", "year"),
    [
        ("说明：本台账所称“6月底”等时限，除注明外均为2025年。", 2025),
        ("本表完成时间一律为2025年。", 2025),
        ("各项任务时限均为2025年底前。", 2024),
    ],
)
def test_the_year_of_all_limits_may_be_said_once(words: str, year: int) -> None:
    lines = ["云州县整改台账", "云州县委农办  2024年12月1日", words]

    assert read_identity([read_text(line) for line in lines], []).year == year


@pytest.mark.parametrize(
    "lines",
    [
        ["特色农业发展实施方案", "时间:2021-11-03 05:40:18"],
        ["特色农业发展实施方案", "根据2019年1月8日会议精神，制定本方案。"],
        ["特色农业发展实施方案", "（2019年1月8日前完成）"],
        ["特色农业发展实施方案", "2019年1月8日，全县召开会议部署春耕。"],
        ["特色农业发展实施方案", "项目建成日期：待定"],
    ],
)
def test_other_days_are_not_the_day_of_the_document(lines: list[str]) -> None:
    assert read_identity([read_text(line) for line in lines], []).date is None


@pytest.mark.parametrize(
    ("lines", "title", "issuer"),
    [
        (["云州县人民政府文件", "云政发〔2021〕4号", "2021年任务分解"], "2021年任务分解", "云州县人民政府"),
        (["云州区人民政府公报2022年第4期", "云州区2022年度工作任务"], "云州区2022年度工作任务", None),
        (["云州市任务表（云交发〔2023〕8号，2023年2月10日印发）"], "云州市任务表", None),
        (["云州市造林方案", "（云州市林业局2022年9月8日）"], "云州市造林方案", "云州市林业局"),
        (["云州市工作要点", "(2023年3月9日 云州市营商办印发)"], "云州市工作要点", "云州市营商办"),
        (["云州县整改台账", "单位：云州县审计局　　日期：2022年6月30日"], "云州县整改台账", "云州县审计局"),
        (["云州县指标表", "单位：万元"], "云州县指标表", None),
    ],
)
def test_the_head_of_a_paper_is_no_title_and_names_the_issuer(lines: list[str], title: str, issuer: str | None) -> None:
    found = read_identity([read_text(line) for line in lines], [])

    assert (found.title, found.issuer) == (title, issuer)


def test_minutes_without_a_day_have_the_year_of_their_number() -> None:
    assert read_identity([read_text("专题会议纪要"), read_text("〔2023〕47号")], []).year == 2023


def test_the_table_in_which_a_site_says_what_it_knows_gives_day_and_issuer() -> None:
    cells = ("索引号", "yz-01", "发布机构", "云州市发展改革委"), ("成文日期", "2021-04-19", "公开日期", "2021-04-21")
    rows = tuple(tuple(Cell(text, y, x) for x, text in enumerate(row)) for y, row in enumerate(cells))

    plan = parse_plan([Table(rows), Paragraph("云州市2021年工作要点"), Paragraph("1.建设平台。（市教育局负责）")])

    assert (plan.date, plan.issuer) == (date(2021, 4, 19), "云州市发展改革委")


@pytest.mark.parametrize("number", ["云政办发〔2026〕31号", "云政办发[2026]31号", "云政办发（２０２６）31号"])
def test_the_number_is_given_as_the_document_writes_it(number):
    found = read_identity([read_text("云州市2026年工作要点"), read_text(number)], [])

    assert (found.number, found.year) == (number, 2026)

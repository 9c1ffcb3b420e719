"""Documents that are no plans in form: digests of research reports, and press conferences."""

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph

DIGEST = """云州省决策咨询成果提要
一、现代物流研究基地：推进多式联运发展的建议
课题负责人：周 明
主要参加人：李 华
一、存在的问题
1. 通道能力不足。铁路货运占比偏低。
3. 标准不统一。单证互不相认。
2. 信息不互通。数据分散。
二、推进多式联运的对策建议
1. 完善通道布局。一是打通铁路专用线。二是提升港口能力。
2. 统一单证标准。推广“一单制”，
支持企业先行先试。
二、城市治理研究基地：社区养老的路径研究
课题负责人：王 芳
当前社区养老需求增长较快。为此建议：
1. 盘活存量用房。建设嵌入式设施。
2. 培育专业队伍。完善培训补贴。
"""

PRESS_CONFERENCE = """省政府新闻办举行发布会
发布日期：2023-04-06
今天我们邀请省商务厅副厅长赵 刚先生、省文化和旅游厅副厅长、新闻发言人钱敏女士介绍情况。
首先请赵刚先生介绍。
赵刚
一、起草背景
把握三个原则：一是突出重点。二是注重实效。
海东日报记者
今年如何促进消费？
钱敏
我省文旅消费持续回暖，重点抓三件事。
一是办好文旅节庆。举办活动100场，年底前实现县县有品牌。
二是丰富产品供给。推出线路50条，到今年底覆盖率达到90%。
云州电视台记者
外贸如何稳住？
赵刚
去年取得了积极成效：一是规模创新高。二是结构更优。
下一步，一是拓市场。组织企业参展。二是优服务。压缩通关时间。
"""


def blocks_of(text: str) -> list[Paragraph]:
    return [Paragraph(line) for line in text.split("\n")]


def test_a_digest_gives_the_recommendations_of_each_report_and_not_the_analysis() -> None:
    plan = parse_plan(blocks_of(DIGEST))

    assert [(measure.path, measure.heading) for measure in plan.measures] == [
        (("一", "二", "1"), "完善通道布局"),
        (("一", "二", "2"), "统一单证标准"),
        (("二", "1"), "盘活存量用房"),
        (("二", "2"), "培育专业队伍"),
    ]
    assert all(not measure.lead for measure in plan.measures)


def test_columns_pasted_out_of_order_are_reported() -> None:
    plan = parse_plan(blocks_of(DIGEST))

    assert [problem.where[:2] for problem in plan.problems if problem.code == "interleaved_columns"] == ["一、"]


def test_a_press_conference_gives_the_steps_of_its_answers() -> None:
    plan = parse_plan(blocks_of(PRESS_CONFERENCE))

    assert [(measure.path, measure.heading) for measure in plan.measures] == [
        (("问1", "一是"), "办好文旅节庆"),
        (("问1", "二是"), "丰富产品供给"),
        (("问2", "一是"), "拓市场"),
        (("问2", "二是"), "优服务"),
    ]


def test_the_office_of_a_speaker_is_only_a_suggestion() -> None:
    first, *_, last = parse_plan(blocks_of(PRESS_CONFERENCE)).measures

    assert first.lead == ()
    assert first.inferred_lead == ("省文化和旅游厅",)
    assert first.inferred["lead"] == "office_of_speaker"
    assert last.inferred_lead == ("省商务厅",)


def test_a_year_end_in_a_short_step_of_a_speech_is_its_limit() -> None:
    first, second, *_ = parse_plan(blocks_of(PRESS_CONFERENCE)).measures

    assert [str(one.deadline) for one in (first, second)] == ["2023-12-31", "2023-12-31"]


def test_a_year_end_that_a_speech_expects_among_much_else_is_no_limit() -> None:
    much_else = "我们将支持各地依托山水和古城资源培育精品线路，引导企业推出夜间演艺和民俗体验。" * 3
    promised = PRESS_CONFERENCE.replace("推出线路50条，", much_else + "推出线路50条。")

    _, second, *_ = parse_plan(blocks_of(promised)).measures

    assert (second.deadline, second.review) == (None, ("deadline",))


def test_a_speaker_who_greets_journalists_is_no_journalist_and_a_list_names_the_office() -> None:
    plan = parse_plan(
        blocks_of(
            """云州市稳就业新闻发布会实录
发布人：市人力资源和社会保障局局长 任伯言
主持人：首先请任局长介绍。
任伯言：各位记者朋友，大家好！下一步，我们将抓好以下工作：
一是开发岗位。新增岗位500个。
二是拓宽渠道。每月举办招聘会。
云州日报记者：技工短缺怎么办？
任伯言：针对这一问题，我们有两方面打算：一是建设学院。招生800人。二是开展培训。培训5万人次。
云州电视台记者：困难群众怎么办？
任伯言：主要从两方面着手。一是兜底帮扶。建立台账。二是跟踪服务。上门走访。"""
        )
    )

    assert [measure.heading for measure in plan.measures] == [
        "开发岗位",
        "拓宽渠道",
        "建设学院",
        "开展培训",
        "兜底帮扶",
        "跟踪服务",
    ]
    assert {measure.inferred_lead for measure in plan.measures} == {("市人力资源和社会保障局",)}


def test_several_speakers_stand_in_one_list_and_who_answers_a_question_is_one() -> None:
    plan = parse_plan(
        blocks_of(
            """云州市“暖企十条”新闻发布会实录
时间：2024年3月15日
发布人：市工信局党组书记、局长 林冠军；市财政局副局长 许曼
主持人：首先请林冠军局长介绍情况。
林冠军：
下面，我就主要内容作个介绍。
第一，稳订单。年内举办对接会40场。
第二，降成本。优化方案4月底前落地。
主持人：下面进入答记者问环节。
云州日报记者：资金有哪些考虑？
许曼：今年将继续用力：一是扩大范围，上半年将28项政策全部纳入平台。二是设立资金池。
云州电视台记者：用工怎么解决？
杜若飞：下一步，一是引进人才。二是共享用工。
主持人：今天的提问就到这里，一是感谢，二是再见。"""
        )
    )

    assert [("".join(one.path), one.inferred_lead) for one in plan.measures] == [
        ("第一", ("市工信局",)),
        ("第二", ("市工信局",)),
        ("问1一是", ("市财政局",)),
        ("问1二是", ("市财政局",)),
        ("问2一是", ()),
        ("问2二是", ()),
    ]
    assert [str(one.deadline) for one in plan.measures[:3]] == ["2024-12-31", "2024-04-30", "2024-06-30"]

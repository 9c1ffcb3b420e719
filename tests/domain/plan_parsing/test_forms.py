"""Forms of whole documents: which items are measures and who has them, one small document for each form."""

import pytest

from taskboard.domain.plan_parsing import parse_plan
from taskboard.domain.plan_parsing.blocks import Paragraph
from taskboard.domain.plan_parsing.reading import ParsedPlan


def read(text: str) -> ParsedPlan:
    return parse_plan([Paragraph(line) for line in text.strip().split("\n")])


def assigned(plan: ParsedPlan) -> list[tuple[str, str, str]]:
    """Path, lead and partners of each measure."""
    return [("".join(one.path), "、".join(one.lead), "、".join(one.partners)) for one in plan.measures]


def test_several_clauses_in_one_item_are_one_measure() -> None:
    plan = read("""
云州市2024年工作要点
1.降低用能成本。扩大直接交易规模。（市发展改革委负责）清理转供电加价。（市市场监管局、市住建局负责）
2.降低物流成本。推广“一单制”。（市交通运输局牵头，市商务局配合）
""")

    assert assigned(plan) == [
        ("1", "市发展改革委", "市市场监管局、市住建局"),
        ("2", "市交通运输局", "市商务局"),
    ]


def test_sub_items_with_clauses_of_their_own_are_the_measures() -> None:
    plan = read("""
云州市2024年工作要点
1.提升服务能力
（1）建设平台。6月底前上线。（责任单位：市数据局）
（2）培训队伍。全年培训200人次。（责任单位：市人社局、市财政局）
2.优化环境。开展整治。（责任单位：市公安局）
""")

    assert assigned(plan) == [("1（1）", "市数据局", ""), ("1（2）", "市人社局", "市财政局"), ("2", "市公安局", "")]


def test_sub_items_without_clauses_stay_inside_the_item_whose_clause_follows_them() -> None:
    plan = read("""
云州市2024年工作要点
1.提升服务能力
（1）建设平台。
（2）培训队伍。（责任单位：市数据局）
2.优化环境
（1）开展整治。
（2）畅通渠道。（责任单位：市公安局）
""")

    assert assigned(plan) == [("1", "市数据局", ""), ("2", "市公安局", "")]


def test_items_that_run_on_in_one_paragraph_are_measures_of_their_own() -> None:
    plan = read("""
云州市2024年工作要点
一、提升服务能力。1.建设平台。6月底前上线。责任单位：市数据局。2.培训队伍。责任单位：市人社局、市财政局。
二、优化环境。3.开展整治。责任单位：市公安局。4.畅通渠道。责任单位：市信访局。
三、强化监督。5.组织督查。责任单位：市政府督查室。
""")

    assert assigned(plan) == [
        ("一1", "市数据局", ""),
        ("一2", "市人社局", "市财政局"),
        ("二3", "市公安局", ""),
        ("二4", "市信访局", ""),
        ("三5", "市政府督查室", ""),
    ]


def test_numbers_that_begin_again_in_each_section_of_one_line_are_kept_apart() -> None:
    plan = read("""
云州市2024年工作要点
一、提升服务能力。1.建设平台。责任单位：市数据局。2.培训队伍。责任单位：市人社局。
二、优化环境。1.开展整治。责任单位：市公安局。2.畅通渠道。责任单位：市信访局。
""")

    assert [path for path, *_ in assigned(plan)] == ["一1", "一2", "二1", "二2"]


def test_each_article_is_a_measure_but_those_about_the_document() -> None:
    plan = read("""
云州高新区支持科技创新若干措施
第一条 支持企业研发。按研发投入的10%给予补助。（责任单位：科技局、财政局）
第二条 支持平台建设。对新认定的实验室奖励100万元。（责任单位：科技局）
第三条 支持人才引进。每人每年补助三万元。（责任单位：组织部、人社局）
第四条 本措施由科技局负责解释，自印发之日起施行，有效期三年。
""")

    assert [(path, lead) for path, lead, _ in assigned(plan)] == [
        ("第一条", "科技局"),
        ("第二条", "科技局"),
        ("第三条", "组织部"),
    ]
    assert [measure.recurrence for measure in plan.measures] == [None, None, None]


def test_the_numbered_paragraphs_of_a_covering_notice_are_no_measures() -> None:
    plan = read("""
关于印发《云州市优化环境工作方案》的通知
各县（市、区）人民政府，市直各部门：
现将方案印发给你们，并就有关事项通知如下：
1.压实责任。各责任单位要明确专人负责。
2.跟踪督办。市政府督查室将定期通报。
云州市人民政府办公室
2024年2月20日
云州市优化环境工作方案
一、主要任务
1.压减时限。6月底前办理时限再压减20%。（责任单位：市政务服务办）
2.畅通渠道。开通热线。（责任单位：市信访局）
""")

    assert assigned(plan) == [("一1", "市政务服务办", ""), ("一2", "市信访局", "")]


def test_a_number_with_another_mark_goes_on_in_its_row() -> None:
    plan = read("""
云州市2024年工作要点
4、改善路网。改扩建85公里。（责任单位：市交通运输局）
5、保障供水。更新管网40公里。（责任单位：市水利局）
6)编制规划。年底前实现全覆盖。（责任单位：市自然资源局）
7、提升电网。扩容2座。（责任单位：市供电公司）
""")

    assert assigned(plan) == [
        ("4", "市交通运输局", ""),
        ("5", "市水利局", ""),
        ("6)", "市自然资源局", ""),
        ("7", "市供电公司", ""),
    ]


def test_a_group_named_in_running_text_has_an_item_among_others_that_have_somebody() -> None:
    plan = read("""
云州县村务公开工作意见
（一）规范内容。凡重大事项一律上墙。此项工作由县民政局牵头，县财政局配合。
（二）清理财务。进行一次清理。由县农业局牵头，县审计局配合。
（三）建立小组。每月理财一次。由各乡镇人民政府负责。
（四）加强宣传。由各有关部门负责。
""")

    assert assigned(plan) == [
        ("（一）", "县民政局", "县财政局"),
        ("（二）", "县农业局", "县审计局"),
        ("（三）", "各乡镇人民政府", ""),
    ]


def test_what_a_leading_group_oversees_among_the_means_of_support_is_no_measure() -> None:
    plan = read("""
云州市2024年工作要点
一、重点任务
（一）扩容平台。6月底前完成。（责任单位：市数据局）
（二）归集数据。第三季度完成。（责任单位：市数据局、市民政局）
二、保障措施
（一）加强组织领导。市数字政府建设领导小组统筹推进。
（二）强化安全防护。落实保护制度。
""")

    assert assigned(plan) == [("一（一）", "市数据局", ""), ("一（二）", "市数据局", "市民政局")]


def test_a_closing_paragraph_does_not_belong_to_the_last_item() -> None:
    plan = read("""
云州省2022年重点任务清单
1.场馆开放率达到75%以上。（省教育厅、省体育局牵头）
2.实施诈骗打击，发案数下降15%。（省公安厅牵头，省通信管理局配合）
省政府督查室对以上任务按季度调度，各责任单位于每季度首月5日前报送进展。
""")

    assert plan.measures[-1].recurrence is None
    assert plan.measures[-1].text == "实施诈骗打击，发案数下降15%。"


def test_an_opening_speech_gives_what_it_announces_and_not_what_it_looks_back_on() -> None:
    plan = read("""
云州省养老服务新闻发布会
时间：2023年9月14日上午10:00
今天我们邀请到省民政厅副厅长林若水女士介绍情况并回答提问。
林若水：
近年来取得积极成效：一是设施更加完善。二是队伍不断壮大。
下一步，将从两个方面抓好落实：
一是健全网络。到2025年底，每个街道建成1所中心。
二是优化结构。明年10月底前新增床位1000张。
云州日报记者：
请问农村养老有什么考虑？
林若水：
我们将这样推进：一是兜住底线。每月至少探访两次。二是盘活资源。建设互助院。
云州电视台记者：
谢谢。
""")

    assert [("".join(one.path), one.heading) for one in plan.measures] == [
        ("一是", "健全网络"),
        ("二是", "优化结构"),
        ("问1一是", "兜住底线"),
        ("问1二是", "盘活资源"),
    ]
    assert str(plan.measures[1].deadline) == "2024-10-31"


def test_rows_of_an_opening_speech_that_promise_nothing_are_offered_apart() -> None:
    plan = read("""
云州省夏收服务新闻发布会实录
今天我们请到省气象局副局长林若水先生、省农业农村厅二级巡视员田丰女士介绍情况。
林若水：
去年取得积极成效：一是监测更密。二是预报更准。
田丰：
各位记者朋友，大家好。农业农村部门有两点安排。
一是组织机具。调度收割机6.8万台。
二是强化烘干。新建烘干中心60个。
云州日报记者：请问农机加油难怎么办？
田丰：针对用油集中的特点，我们做了准备。一是开设通道。设置加油站350座。二是送油到田。优惠0.3元。
""")

    assert [one.heading for one in plan.measures] == ["组织机具", "强化烘干", "开设通道", "送油到田"]
    assert {one.inferred_lead for one in plan.measures} == {("省农业农村厅",)}
    assert [one.text_head for one in plan.candidates] == ["监测更密。", "预报更准。"]


def test_departments_that_sections_are_named_after_do_the_work_below() -> None:
    plan = read("""
云州县2024年任务分解（按部门）
云州县营商办
2024年3月18日
一、县行政审批服务局
1.压缩开办时间，6月底前实现全覆盖。
2.建成终端42台。配合单位：县数据局、各乡镇人民政府
二、县人社局、县教育局
3.开展培训1200人次。
4.建设实训基地。（牵头单位：县住建局）
三、工作要求
各部门每月25日前报送进展。
""")

    assert assigned(plan) == [
        ("一1", "县行政审批服务局", ""),
        ("一2", "县行政审批服务局", "县数据局、各乡镇人民政府"),
        ("二3", "县人社局", "县教育局"),
        ("二4", "县住建局", ""),
    ]


@pytest.mark.parametrize(("opens", "closes"), [("", "："), ("【", "】")])
def test_items_may_begin_with_who_does_them(opens: str, closes: str) -> None:
    plan = read(f"""
云州县2023年交办清单
（2023年8月15日县长办公会议确定）
1.{opens}县教育局{closes}8月31日前完成城南小学交付。
2.{opens}县水利局、县财政局{closes}9月底前解决缺水问题。
3.{opens}各乡镇{closes}持续推进撂荒地整治。
4.说明：以上事项按月报告。
""")

    assert assigned(plan) == [("1", "县教育局", ""), ("2", "县水利局", "县财政局"), ("3", "各乡镇", "")]
    assert str(plan.measures[0].deadline) == "2023-08-31"
    assert plan.measures[0].text == "8月31日前完成城南小学交付。"


def test_a_notice_to_two_departments_gives_each_its_own_item() -> None:
    plan = read("""
督办通知单
云督〔2024〕第37号
承办单位：区水务局、区城管局
区政府常务会议要求，现就有关事项督办如下：
1.区水务局负责，5月31日前完成泵站扩容；
2.区城管局负责，6月底前完成清淤86公里；
3.区应急局、区气象局负责，建立叫应机制；
云州区人民政府督查室
2024年4月22日
""")

    assert assigned(plan) == [("1", "区水务局", ""), ("2", "区城管局", ""), ("3", "区应急局", "区气象局")]
    assert str(plan.measures[0].deadline) == "2024-05-31"


def test_one_item_that_begins_with_a_department_among_others_is_not_given_to_it() -> None:
    plan = read("""
云州县2023年工作要点
1.县教育局：8月31日前完成城南小学交付。
2.解决缺水问题。
3.推进撂荒地整治。
""")

    assert assigned(plan) == [("1", "", ""), ("2", "", ""), ("3", "", "")]


def test_proposals_are_numbered_as_in_their_register() -> None:
    plan = read("""
云州市2023年建议提案办理分工
一、人大代表建议
第003号 关于加快污水处理厂改造的建议
主办：市生态环境局 会办：市住建局、城北区人民政府
第017号 关于规范托管机构的建议
分办：市教育局、市民政局
""")

    assert assigned(plan) == [
        ("一第003号", "市生态环境局", "市住建局、城北区人民政府"),
        ("一第017号", "市教育局、市民政局", ""),
    ]
    assert not [one for one in plan.problems if one.code == "numbering_gap"]


@pytest.mark.parametrize("foot", ["- 1 -", "第 3 页", "云州县扶贫攻坚领导小组办公室 2", "云州市人民政府公报　　·3·"])
def test_a_sentence_that_the_end_of_a_page_cuts_is_put_together(foot: str) -> None:
    plan = read(f"""
云州市2024年工作要点
1.打好就业仗。组织招聘会12场，开发岗位。（牵头单位：市人力资源和社会
{foot}
保障局；配合单位：市财政局）
2.划定区域。各类重点区域划定成果于2025年6月
{foot}
底前公布，同步衔接到县。（责任单位：市水利局）
""")

    assert assigned(plan) == [("1", "市人力资源和社会保障局", "市财政局"), ("2", "市水利局", "")]
    assert str(plan.measures[1].deadline) == "2025-06-30"


def test_the_heads_of_a_gazette_do_not_hide_what_stands_beside_them() -> None:
    plan = read("""
云州区2024年工作计划
一、重点工作
　　　　　　　　　　　　　　　（下转第3版）
云州区人民政府公报　　　　　　　　　　　　　　　　　　·3·
（上接第2版）　　　　　　　　　　　　　　局负责）
1.回收农膜。农膜回收率85%，各街道　　　　　　二、建筑垃圾
设回收点。（区农业农村局负责）　　　　　　3.源头减量。装配式建筑占比不低于
2.快递包装减量。三季度末前全区网点　　　　　　30%。（区住建局负责）
停用塑料袋。（区邮政管理办、区市场监　　　　　　4.整治消纳场。全年整治4处。（区城管局
管局、区公共机构节能　　　　　　牵头，区自然资源局配合）
中心、区发改
""")

    assert [one.heading for one in plan.measures] == ["回收农膜", "快递包装减量", "源头减量", "整治消纳场"]
    assert plan.measures[1].lead == ("区邮政管理办",)


def test_letters_number_sections_and_their_items() -> None:
    plan = read("""
云州港务集团改革任务台账（2023—2025年）
2023年10月12日
A. 优化资源配置
A-1 清退股权。一企一策退出。
牵头部室：资产运营部；配合部室：财务管理部　完成时间：2024年12月
A-2 盘活土地。回笼资金4.8亿元。
牵头部室：战略发展部　完成时间：2025年
B. 科技创新
B-1 改造码头。改造岸桥6台。
牵头部室：工程技术部　完成时间：长期
考核说明：每季度通报一次。
""")

    assert assigned(plan) == [
        ("AA-1", "资产运营部", "财务管理部"),
        ("AA-2", "战略发展部", ""),
        ("BB-1", "工程技术部", ""),
    ]
    assert [measure.recurrence for measure in plan.measures] == [None, None, "ongoing"]


BARS = """
云州县2021年重点工作分解
序号 |
重点工作 |
目标任务 |
牵头单位 |
完成时限
1 |
招商引资 |
引进项目12个 |
县商务局 |
12月底
2 |
工业提质 |
新增企业10家 |
县经信局 |
11月底
3 |
法治建设 |
开展案卷评查 |
县司法局 |
每季度
【打印本页】【关闭窗口】
"""


def test_a_row_of_cells_one_a_line_may_end_without_its_bar() -> None:
    plan = read(BARS)

    assert assigned(plan) == [("1", "县商务局", ""), ("2", "县经信局", ""), ("3", "县司法局", "")]
    assert [str(one.deadline) for one in plan.measures[:2]] == ["2021-12-31", "2021-11-30"]
    assert plan.measures[2].recurrence == "quarterly"


@pytest.mark.parametrize(
    "buttons", ["打印 | 关闭 | 返回顶部", "【打印本页】【关闭窗口】", "分享 微信 微博", "[大 中 小]"]
)
def test_the_buttons_of_a_page_are_no_row_of_its_table(buttons: str) -> None:
    plan = read(f"""
云州区2023年工作清单
序号 | 工作事项 | 具体内容 | 牵头部门 | 时间节点
1 | 举办活动 | 发放消费券800万元 | 区商务局 | 6月底前
2 | 打造商圈 | 完成改造 | 区住建局 | 2023年9月
{buttons}
""")

    assert [one.heading for one in plan.measures] == ["举办活动", "打造商圈"]


def test_names_of_two_characters_divide_a_row_without_marks() -> None:
    plan = read("""
云州县2022年实事项目分解表
序号项目名称建设内容牵头单位责任单位完成时限
1校园扩容新建小学，增加学位1080个。县教育局县住建局、县城投公司2022年8月
2关爱老人建成养老点40个。县民政局县妇联、团县委2022年10月底
3无障碍改造完成260户改造。县残联县住建局、县财政局2022年底
""")

    assert [(lead, partners) for _, lead, partners in assigned(plan)] == [
        ("县教育局", "县住建局、县城投公司"),
        ("县民政局", "县妇联、团县委"),
        ("县残联", "县住建局、县财政局"),
    ]


@pytest.mark.parametrize(
    "says",
    [
        "一、稳住工业（牵头单位：县工信局，各项另有注明的除外）",
        "一、稳住工业（本类牵头单位：县工信局）",
        "一、稳住工业【本部分任务除注明外均由县工信局牵头】",
        "一、稳住工业（县工信局牵头，另有标注的从其标注）",
        "一、稳住工业\n牵头单位：县工信局（单独列明的以列明为准）",
        "一、稳住工业\n本章各项任务由县工信局牵头，另有规定的除外。",
        "一、稳住工业\n以下任务由县工信局牵头，另有注明的除外。",
        "一、稳住工业（以下任务均由县工信局牵头，不再逐项列出）",
    ],
)
def test_who_leads_a_section_leads_its_items_that_name_nobody_else(says: str) -> None:
    plan = read(f"""
云州县2024年重点工作清单
{says}
1.培育企业。新增企业9家。
2.盘活用地。盘活用地200亩。
配合单位：县财政局
3.建好园区。建成厂房。
牵头单位：县发改局
配合单位：县住建局
二、办好学校
4.新建学校。建成学校1所。
牵头单位：县教育局
""")

    assert assigned(plan) == [
        ("一1", "县工信局", ""),
        ("一2", "县工信局", "县财政局"),
        ("一3", "县发改局", "县住建局"),
        ("二4", "县教育局", ""),
    ]
    assert not [one for one in plan.problems if one.code == "clause_of_parent_unused"]


def test_a_section_with_a_clause_but_without_such_words_leads_only_items_that_name_who_helps() -> None:
    plan = read("""
云州县2024年重点工作清单
一、稳住工业（牵头单位：县工信局）
1.培育企业。新增企业9家。
2.盘活用地。盘活用地200亩。（配合单位：县财政局）
3.建好园区。建成厂房。（牵头单位：县发改局；配合单位：县住建局）
""")

    assert assigned(plan) == [("一2", "县工信局", "县财政局"), ("一3", "县发改局", "县住建局")]
    assert [one.heading for one in plan.candidates] == ["培育企业"]


@pytest.mark.parametrize(
    "requirement",
    [
        "（一）任务跨部门的，由牵头单位会同相关单位协调解决。",
        "（一）市督查室要会同有关部门开展督导，年底通报。",
        "组建改革专班，各成员单位按照职责抓好落实。",
    ],
)
def test_how_a_plan_is_watched_over_is_no_measure(requirement: str) -> None:
    plan = read(f"""
关于分解2024年改革任务的通知
一、改革任务
（一）修订用地标准。由市资源局会同市住建局负责落实。
（二）清理收费目录。由市财政局会同市司法局负责落实。
二、工作要求
{requirement}
""")

    assert assigned(plan) == [("一（一）", "市资源局", "市住建局"), ("一（二）", "市财政局", "市司法局")]


def test_a_note_above_the_foot_of_a_page_is_no_measure() -> None:
    plan = read("""
云州市2024年改革任务清单
序号 | 任务 | 主办 | 协办
1 | 修订用地标准 | 市资源局 | 市住建局
2 | 清理收费目录 | 市财政局 | 市司法局
注：有两家主办的，排名不分先后。
主办：云州市人民政府办公室 承办：市信息中心
""")

    assert [one.lead for one in plan.measures] == [("市资源局",), ("市财政局",)]


def test_the_line_that_says_when_a_paper_was_printed_belongs_to_no_item() -> None:
    plan = read("""
云州中学2024年工作计划
一、重点工作
1.健全学情会商。各年级定期会商。
2.改进值周安排。各处室按时报送值周情况。
云州中学办公室
2024年2月28日印发
""")

    assert [(one.text, one.deadline) for one in plan.measures] == [
        ("健全学情会商。各年级定期会商。", None),
        ("改进值周安排。各处室按时报送值周情况。", None),
    ]


@pytest.mark.parametrize(
    "closing",
    ["各专班每月3日前将进展报县政府督查室，县政府每季度调度一次。", "请各牵头单位于每季度末报送工作小结。"],
)
def test_who_is_to_report_on_all_items_does_not_belong_to_the_last_one(closing: str) -> None:
    plan = read(f"""
云州县2024年领办事项清单
1.建成充电桩800个。（县城管局牵头，县发改局配合）
2.建成口袋公园6处。（县住建局负责）
{closing}
""")

    assert [(one.text, one.recurrence) for one in plan.measures] == [
        ("建成充电桩800个。", None),
        ("建成口袋公园6处。", None),
    ]
    assert plan.rhythm is not None


def test_items_whose_labels_are_lost_are_found_also_at_the_end_of_a_section_and_two_in_a_row() -> None:
    plan = read("""
云州市2024年工作要点
一、建设设施
1.建设泵站。年底前建成。（责任单位：市水利局）
修复堤防。加固12公里。（责任单位：市水利局、市财政局）
二、丰富活动
3.举办赛事。（责任单位：市体育局）
组织展演。安排20场。（责任单位：市文旅局）
开放场馆。（责任单位：市教育局）
6.培训指导员。（责任单位：市总工会）
""")

    assert assigned(plan) == [
        ("一1", "市水利局", ""),
        ("一（缺号）", "市水利局", "市财政局"),
        ("二3", "市体育局", ""),
        ("二（缺号）", "市文旅局", ""),
        ("二（缺号）", "市教育局", ""),
        ("二6", "市总工会", ""),
    ]


def test_figures_set_apart_by_spaces_are_days_all_the_same() -> None:
    plan = read("""
云 州 区 任 务 清 单
1. 修 缮 校 舍。 2 0 2 5 年 8 月 底前 完 成。
责 任 单 位：区教育局
2. 治 理 河 道。 2 0 2 4年 1 2 月 3 0 日前 完 成。
责 任 单 位：区水利局
云 州 区 人 民 政 府
2 0 2 3 年 1 1 月 2 1 日
""")

    assert str(plan.date) == "2023-11-21"
    assert [str(one.deadline) for one in plan.measures] == ["2025-08-31", "2024-12-30"]

"""Unit clauses in all their forms."""

import pytest

from taskboard.domain.plan_parsing.clause_fields import read_persons
from taskboard.domain.plan_parsing.clause_readings import assign
from taskboard.domain.plan_parsing.clauses import find_clauses
from taskboard.domain.plan_parsing.prose_clauses import find_prose_clauses
from taskboard.domain.plan_parsing.text import read_text

BEFORE = "加强管理。建立制度，形成机制。"

FORMS = [
    ("（责任单位：市发改委、市财政局，各县区）", ["市发改委"], ["市财政局", "各县区"]),
    ("[责任单位:市发改委、市财政局(市国资委)]", ["市发改委"], ["市财政局(市国资委)"]),
    ("\n责任单位：市发改委、市财政局", ["市发改委"], ["市财政局"]),
    ("\n牵头单位：市发改委\n责任单位：市财政局、市教育局", ["市发改委"], ["市财政局", "市教育局"]),
    ("[牵头单位：市发改委；责任单位：市财政局]", ["市发改委"], ["市财政局"]),
    ("(牵头单位：市发改委；责任单位：市财政局、市水利局，6月底完成)", ["市发改委"], ["市财政局", "市水利局"]),
    ("（市发改委牵头，市财政局、市水利局按职责分工负责）", ["市发改委"], ["市财政局", "市水利局"]),
    ("（市发改委、市财政局牵头，各县区负责）", ["市发改委", "市财政局"], ["各县区"]),
    ("（市发改委、市财政局按职责分工负责）", ["市发改委"], ["市财政局"]),
    ("（市发改委负责）", ["市发改委"], []),
    ("（市发改委牵头负责）", ["市发改委"], []),
    ("〔市公安局负责，市交通局等参与，各县（市、区）政府负责落实〕", ["市公安局"], ["市交通局", "各县（市、区）政府"]),
    ("（市生态环境局、市住建局牵头督导，各区落实）", ["市生态环境局", "市住建局"], ["各区"]),
    ("〔市发改委、市财政局〕", ["市发改委"], ["市财政局"]),
    ("（国家数据局会同财政部、有关部门负责）", ["国家数据局"], ["财政部", "有关部门"]),
    ("（市发改委、市财政局分别牵头）", ["市发改委", "市财政局"], []),
    ("责任单位：市教育局、市人社局。", ["市教育局"], ["市人社局"]),
    ("（责任股室：财务股、办公室）", ["财务股"], ["办公室"]),
    ("（主办单位：市文旅局；协办单位：市商务局）", ["市文旅局"], ["市商务局"]),
    ("主要责任单位：市文旅局\n协同配合单位：市商务局", ["市文旅局"], ["市商务局"]),
    ("（责任单位：市文旅局、市体育局；配合单位：市商务局）", ["市文旅局"], ["市体育局", "市商务局"]),
    ("【责任单位：教务处；分管校领导：李明、王 芳】", ["教务处"], []),
    ("（责任单位：市发改委牵头，市财政局配合）", ["市发改委"], ["市财政局"]),
    ("（市卫健委负责，2025年12月底前完成）", ["市卫健委"], []),
    ("市教育局牵头，市财政局配合。", ["市教育局"], ["市财政局"]),
    ("（县交通局负责，县公路段、县公安局交警大队配合）", ["县交通局"], ["县公路段", "县公安局交警大队"]),
    ("（县农业局牵头，县蔬菜基地、青河水管站配合）", ["县农业局"], ["县蔬菜基地", "青河水管站"]),
    ("（牵头部门：市教育局 配合部门：市人社局）", ["市教育局"], ["市人社局"]),
    ("\n牵头：市商务局；配合：云州海关、市财政局；时限：9月底", ["市商务局"], ["云州海关", "市财政局"]),
    ("（主责：门诊部；协同：信息中心）", ["门诊部"], ["信息中心"]),
    (
        "（市农业农村局牵头，市公安局配合；市生态环境局负责遥感火点通报）",
        ["市农业农村局"],
        ["市公安局", "市生态环境局"],
    ),
    ("（区委督查室、区“无废办”负责）", ["区委督查室"], ["区“无废办”"]),
    ("市教育局牵头，市财政局配合。2024年11月底前完成。", ["市教育局"], ["市财政局"]),
    ("（市民政局、市财政局，10月底）", ["市民政局"], ["市财政局"]),
    ("（责任：教务处、财务处）", ["教务处"], ["财务处"]),
    ("（主办：市文旅局，协办：市商务局）", ["市文旅局"], ["市商务局"]),
    ("\n牵头部室：资产运营部；配合部室：财务管理部", ["资产运营部"], ["财务管理部"]),
    ("“培育劳务品牌50个。”市人社局牵头，市财政局负责。", ["市人社局"], ["市财政局"]),
    ("“开展见习。”由市人社局牵头，市财政局、共青团中央等参与。", ["市人社局"], ["市财政局", "共青团中央"]),
    ("由市住建局负责，东岗、西岗街道办事处协助做好居民工作。", ["市住建局"], ["东岗街道办事处", "西岗街道办事处"]),
    ("\n牵头单位;市招商中心\n责任单位:市财政局", ["市招商中心"], ["市财政局"]),
    ("【责任科室：门诊部、信息科；分管院领导：孙 敏】", ["门诊部"], ["信息科"]),
    ("(责任科室:门诊部;分管局领导:孙敏;联系科领导:李明)", ["门诊部"], []),
    ("（第一责任部门：研究院、采购部；协同部门：财务部）", ["研究院", "采购部"], ["财务部"]),
    ("（牵头院系：商学院；参与院部：法学院）", ["商学院"], ["法学院"]),
    ("（市林业局牵头，市财政局配合。结果计入绩效评价）", ["市林业局"], ["市财政局"]),
    ("（市林业局、市财政局负责；列入重点督查事项）", ["市林业局"], ["市财政局"]),
    ("（责任单位：市林业局、市财政局，纳入月度通报）", ["市林业局"], ["市财政局"]),
    ("（责任科室：内科、外科等科室）", ["内科"], ["外科"]),
    ("（责任单位：县林业局、东岭镇等乡镇）", ["县林业局"], ["东岭镇"]),
]


@pytest.mark.parametrize(("clause", "leads", "partners"), FORMS)
def test_a_clause_names_lead_and_partners(clause: str, leads: list[str], partners: list[str]) -> None:
    readings = [found.reading for found in find_clauses(read_text(BEFORE + clause))]
    assigned = assign(readings)

    assert [unit.name for unit in assigned.leads] == leads
    assert [unit.name for unit in assigned.partners] == partners


@pytest.mark.parametrize(
    ("sentence", "leads", "partners"),
    [
        ("由市发改委会同市财政局、市教育局等部门负责落实。", ["市发改委"], ["市财政局", "市教育局"]),
        ("由市发改委牵头制定方案，市财政局配合。", ["市发改委"], ["市财政局"]),
        ("请市发改委会同市财政局研究提出意见。", ["市发改委"], ["市财政局"]),
        ("以市教育局为主，市财政局配合。", ["市教育局"], ["市财政局"]),
        ("由市司法局商市中级人民法院提出工作办法。", ["市司法局"], ["市中级人民法院"]),
        ("“完成招录。”由市人社局会同市财政局落实。", ["市人社局"], ["市财政局"]),
        ("“实现就业。”请市教育局会同市民政局抓好落实。", ["市教育局"], ["市民政局"]),
        ("“实现就业。”市教育局要会同市民政局抓好落实。", ["市教育局"], ["市民政局"]),
        ("责成市教育局会同市民政局研究提出意见。", ["市教育局"], ["市民政局"]),
        ("饮水安全 由市水利局会同市卫健局负责落实。", ["市水利局"], ["市卫健局"]),
        ("所需资金由市财政局会同市城管局测算核定，11月底前拨付。", ["市财政局"], ["市城管局"]),
        ("普查经费由市园林局会同市财政局、市科技局核定。", ["市园林局"], ["市财政局", "市科技局"]),
    ],
)
def test_running_text_names_them_too(sentence: str, leads: list[str], partners: list[str]) -> None:
    (found,) = find_prose_clauses(read_text(BEFORE + sentence))
    assigned = assign([found.reading])

    assert [unit.name for unit in assigned.leads] == leads
    assert [unit.name for unit in assigned.partners] == partners


@pytest.mark.parametrize(
    "words",
    [
        "（含外资企业）",
        "（以下简称《方案》）",
        "（由企业牵头组建）",
        "成立防汛工作专班，各成员单位抓好落实。",
        "（主要负责同志牵头）",
        "落实《若干规定》（沅政发〔2023〕11号）。",
        "各责任单位要于每月底前报送进展。",
        "领导小组办公室设在市发改委。",
        "强化责任：各级要抓好落实。",
        "配合：主动服务，跟踪问效。",
    ],
)
def test_what_only_looks_like_a_clause_is_none(words: str) -> None:
    assert find_clauses(read_text(BEFORE + words)) == []


def test_who_interprets_the_document_is_no_clause() -> None:
    assert find_prose_clauses(read_text("由市委人才办负责解释。")) == []


def test_two_clauses_in_one_item_make_the_first_unit_the_lead_and_all_others_partners() -> None:
    text = read_text("制定方案。（市水利局牵头，各县区负责）打击非法采砂。（市公安局牵头，市司法局配合）")
    assigned = assign(found.reading for found in find_clauses(text))

    assert [unit.name for unit in assigned.leads] == ["市水利局"]
    assert [unit.name for unit in assigned.partners] == ["各县区", "市公安局", "市司法局"]


@pytest.mark.parametrize(
    ("words", "leads", "partners"),
    [
        (
            "筹建驿站3处（团县委、县人社局）。推出住房500套（县住建局、县城投公司）。",
            "团县委",
            "县人社局、县住建局、县城投公司",
        ),
        ("整体移交服务办（市数据局、市财政局）。推出住房500套（县住建局）。", "县住建局", ""),
        ("建设平台（含外资企业、市外企业）。推出住房500套（县住建局）。", "县住建局", ""),
    ],
)
def test_several_sentences_may_end_with_their_units(words: str, leads: str, partners: str) -> None:
    assigned = assign(found.reading for found in find_clauses(read_text(words)))

    assert "、".join(unit.name for unit in assigned.leads) == leads
    assert "、".join(unit.name for unit in assigned.partners) == partners


def test_a_statement_about_the_whole_document_is_no_unit() -> None:
    words = "（责任单位：市发改委、市财政局。列第一位者为牵头单位，下同。以下各项均需各县区落实，不再列出）"
    assigned = assign(found.reading for found in find_clauses(read_text(BEFORE + words)))

    assert [unit.name for unit in (*assigned.leads, *assigned.partners)] == ["市发改委", "市财政局"]


def test_a_clause_carries_its_own_time_limit_and_persons() -> None:
    (found,) = find_clauses(read_text(BEFORE + "\n责任领导：陈 强  赵敏\n牵头单位：市水利局\n完成时限：2024年底前"))

    assert found.reading.persons == ["陈强", "赵敏"]
    assert [limit.plain for limit in found.reading.time_limits] == ["2024年底前"]


def test_names_with_a_space_inside_are_one_person() -> None:
    assert read_persons("俞 悦 王强、李 明") == ["俞悦", "王强", "李明"]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("新增城镇就业3万人（市人力资源社会保障局）", 1),
        ("整体移交市政务服务办（市大数据局）", 0),
        ("建设综合平台（含外资企业）", 0),
    ],
)
def test_a_bracket_of_common_names_ends_an_item_without_full_stop(words: str, count: int) -> None:
    assert len(find_clauses(read_text(words))) == count

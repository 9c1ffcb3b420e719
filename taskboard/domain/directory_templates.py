"""Directories to begin with: the usual bodies of a province, a city, a county, and of an enterprise.

A line is a body: its name without the place, and behind a colon what else it is called where the name does not say it
(usual short forms are known by :mod:`taskboard.domain.department_names`, renamings of the reforms by
:mod:`taskboard.domain.known_renamings`). ``*`` before a name is a collective unit, ``+`` one that stands directly below
the top and not in the government, as committees of the party do; ``{}`` is where the place stands within the name.
Bodies differ from place to place: whoever uses a template takes away what is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from taskboard.domain.departments import DepartmentKind, DepartmentLevel


@dataclass(frozen=True)
class TemplateRow:
    """One department of a template: ``name`` is for lists, ``full_name`` the same with its place."""

    name: str
    full_name: str
    parent: str | None
    """the full name of the one above; ``None`` for the top"""
    kind: DepartmentKind = DepartmentKind.UNIT
    level: DepartmentLevel | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class DirectoryTemplate:
    """A directory to begin with; ``example`` shows how the place or the enterprise is to be written."""

    code: str
    title: str
    about: str
    level: DepartmentLevel
    example: str
    ends: tuple[str, ...]
    """with what the place's name ends; empty where it may end with anything"""
    top: str
    bare: str
    """what stands for the place before the short names: 省, 市, 县; empty for an enterprise"""
    bodies: str

    def fits(self, place: str) -> bool:
        """Whether this is the name of such a place."""
        return len(place) >= 2 and (not self.ends or place.endswith(self.ends))


PROVINCE_BODIES = """
+委办公厅
+委组织部
+委宣传部
+委统战部
+委政法委员会
+委机构编制委员会办公室: 编办
+委网络安全和信息化委员会办公室: 网信办
+委社会工作部
+委金融委员会办公室: 委金融办
政府办公厅: 政府办
发展和改革委员会
教育厅
科学技术厅
工业和信息化厅
民族宗教事务委员会: 民宗委
公安厅
民政厅
司法厅
财政厅
人力资源和社会保障厅
自然资源厅
生态环境厅
住房和城乡建设厅
交通运输厅
水利厅
农业农村厅
商务厅
文化和旅游厅
卫生健康委员会
退役军人事务厅
应急管理厅
审计厅
外事办公室
政府国有资产监督管理委员会: 国资委
市场监督管理局
广播电视局
体育局
统计局
医疗保障局
机关事务管理局
信访局
数据局
林业局
能源局
药品监督管理局
知识产权局
总工会
妇女联合会
残疾人联合会
工商业联合会
*直各单位: 直各部门、级有关单位
*各市人民政府: 各市政府、各市州人民政府、各市（州）人民政府、各设区市人民政府
"""

LOCAL_PARTY_BODIES = """
+委办公室: 委办
+委组织部
+委宣传部
+委统战部
+委政法委员会
+委机构编制委员会办公室: 编办
"""
"""what every committee of the party below a province has"""

CITY_BODIES = f"""{LOCAL_PARTY_BODIES}+委网络安全和信息化委员会办公室: 网信办
+委社会工作部
+委金融委员会办公室: 委金融办
政府办公室: 政府办
发展和改革委员会
教育局
科学技术局
工业和信息化局
民族宗教事务局: 民宗局
公安局
民政局
司法局
财政局
人力资源和社会保障局
自然资源和规划局
生态环境局
住房和城乡建设局
城市管理局: 城管执法局
交通运输局
水利局: 水务局
农业农村局
商务局
文化和旅游局
卫生健康委员会
退役军人事务局
应急管理局
审计局
外事办公室
政府国有资产监督管理委员会: 国资委
市场监督管理局
体育局
统计局
医疗保障局
机关事务管理局
信访局
数据局
行政审批服务局: 行政审批局
林业局
住房公积金管理中心: 公积金管理中心、公积金中心
税务局
气象局
消防救援支队
总工会
共青团{{}}委员会: 团{{}}委、共青团{{}}委
妇女联合会
残疾人联合会
工商业联合会
*直各单位: 直各部门、直有关单位
*各县（市、区）人民政府: 各县区人民政府、各县（市、区）政府、各区县人民政府
"""

COUNTY_BODIES = f"""{LOCAL_PARTY_BODIES}+委社会工作部
政府办公室: 政府办
发展和改革局: 发改委
教育局: 教体局
科学技术和工业信息化局: 科工局、科工信局
公安局
民政局
司法局
财政局
人力资源和社会保障局
自然资源局
住房和城乡建设局
城市管理局: 城管执法局
交通运输局
水利局: 水务局
农业农村局
商务局
文化和旅游局: 文广旅局
卫生健康局: 卫健委
退役军人事务局
应急管理局
审计局
市场监督管理局
统计局
医疗保障局
信访局
数据和政务服务局: 政务服务局、行政审批局
林业局
税务局
消防救援大队
总工会
妇女联合会
残疾人联合会
*直各单位: 直各部门、直有关单位
*各乡镇（街道）: 各乡镇、各乡（镇）人民政府、各镇（街道）
"""

ENTERPRISE_BODIES = """
党委办公室: 党办
办公室: 综合部、行政办公室
党委组织部
人力资源部: 人事部
战略规划部: 战略发展部、规划部
计划财务部: 财务部
投资管理部: 投资部
生产运营部: 运营部
安全环保部: 安监部、安环部
科技创新部: 科技部、技术部
信息化部: 数字化部、信息中心
市场营销部: 市场部、销售部
采购供应部: 采购部、物资部
法务合规部: 法律事务部
审计部
纪检监察部: 纪委办公室
党群工作部: 工会、宣传部
*各部门: 总部各部门
*各子公司: 各所属企业、各下属公司
"""

TEMPLATES: Mapping[str, DirectoryTemplate] = {
    one.code: one
    for one in (
        DirectoryTemplate(
            "province",
            "省级政府部门",
            "省委、省政府常设的部门和群团",
            DepartmentLevel.PROVINCE,
            "江南省",
            ("省", "自治区", "市"),
            "人民政府",
            "省",
            PROVINCE_BODIES,
        ),
        DirectoryTemplate(
            "city",
            "市级政府部门",
            "市委、市政府常设的部门和群团",
            DepartmentLevel.CITY,
            "槐阳市",
            ("市", "州", "盟", "地区"),
            "人民政府",
            "市",
            CITY_BODIES,
        ),
        DirectoryTemplate(
            "county",
            "县级政府部门",
            "县（市、区）委、政府常设的部门和群团",
            DepartmentLevel.COUNTY,
            "清河县",
            ("县", "市", "区", "旗"),
            "人民政府",
            "县",
            COUNTY_BODIES,
        ),
        DirectoryTemplate(
            "enterprise",
            "企业（集团）部门",
            "集团总部常设的部门",
            DepartmentLevel.GROUP,
            "云川能源集团有限公司",
            (),
            "",
            "",
            ENTERPRISE_BODIES,
        ),
    )
}

COLLECTIVE, PARTY = "*", "+"
ROOM = "{}"
LEVEL_CHARACTER = re.compile(r"自治区|自治州|地区|[省市县区州盟旗]$")


def rows_of(template: DirectoryTemplate, place: str) -> list[TemplateRow]:
    """The departments of the template at this place, the top first.

    Of 槐阳市 the name for lists is 市教育局, the full name 槐阳市教育局; of 广南自治区 自治区教育厅.
    """
    bare = _bare(template, place)
    top = f"{place}{template.top}"
    rows = [TemplateRow(top, top, None, level=template.level, aliases=_short_top(template, place, bare))]
    party = f"中共{place}委员会"
    if template.bare:
        aliases = tuple(dict.fromkeys((f"{bare}委", f"{place}委")))
        rows.append(TemplateRow(party, party, None, level=template.level, aliases=aliases))
    for name, others, mark in _bodies(template.bodies):
        rows.append(
            TemplateRow(
                name=_name(mark, bare, name),
                full_name=_with_place(place, name),
                parent=party if mark == PARTY else top,
                kind=DepartmentKind.COLLECTIVE if mark == COLLECTIVE else DepartmentKind.UNIT,
                aliases=tuple(_name(mark, bare, other) for other in others),
            )
        )
    return rows


def _bodies(text: str) -> Iterable[tuple[str, list[str], str]]:
    for line in text.strip().splitlines():
        head, _, others = line.partition(": ")
        mark = head[0] if head[0] in (COLLECTIVE, PARTY) else ""
        yield head.removeprefix(mark), others.split("、") if others else [], mark


def _name(mark: str, place: str, name: str) -> str:
    """各市人民政府 is called so without a place; 直各单位 has one before it."""
    return name if mark == COLLECTIVE and name.startswith("各") else _with_place(place, name)


def _with_place(place: str, name: str) -> str:
    """The place before the name, or where the name leaves room for it."""
    return name.replace(ROOM, place) if ROOM in name else f"{place}{name}"


def _bare(template: DirectoryTemplate, place: str) -> str:
    """What stands for the place before the short names."""
    found = LEVEL_CHARACTER.search(place) if template.bare else None
    return found.group() if found else ""


def _short_top(template: DirectoryTemplate, place: str, bare: str) -> tuple[str, ...]:
    return (f"{bare}{template.top}",) if template.bare and bare else ()

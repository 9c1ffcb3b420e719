"""Names of fields: 责任单位：, 牵头部门：, 完成时限：, 分管领导：, and the column headers for the same things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from taskboard.domain.plan_parsing.text import squeezed


class Field(StrEnum):
    """What a named field or a column of a table says."""

    LEAD = "lead"
    RESPONSIBLE = "responsible"
    PARTNER = "partner"
    PERSON = "person"
    DEADLINE = "deadline"
    NUMBER = "number"
    CATEGORY = "category"
    TASK = "task"
    ACTION = "action"
    OTHER = "other"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES: dict[Field, tuple[str, ...]] = {
    Field.LEAD: _words(
        """
        牵头单位 牵头部门 牵头责任单位 牵头责任部门 牵头主体 牵头处室 牵头科室 责任牵头单位 主办单位
        主办部门 主办科室 主责单位 主责部门 主要责任单位 主要责任部门 主要负责单位 第一责任单位 主牵头单位
        总牵头单位 牵头组织单位 牵头督导单位 主责主体 主责科室 主责处室 市级牵头单位 市级牵头部门
        省级牵头单位 县级牵头单位 牵头学院 牵头股室
        """
    ),
    Field.RESPONSIBLE: _words(
        """
        责任单位 责任部门 责任科室 责任股室 责任处室 责任主体 责任机构 承办单位 承办部门 落实单位 落实部门
        实施单位 实施主体 承担单位 负责单位 负责部门 整改责任单位 整改单位 具体责任单位 执行单位 完成单位
        责任学院 工作单位 直接责任单位 责任单位及部门 责任部门及单位 牵头单位及责任单位 牵头及责任单位
        牵头和责任单位 牵头及配合单位 牵头(责任)单位 责任(牵头)单位
        """
    ),
    Field.PARTNER: _words(
        """
        配合单位 配合部门 协办单位 协办部门 协同单位 协同部门 协同配合单位 协同配合部门 协作单位 参与单位
        参与部门 参加单位 参加部门 协助单位 协助部门 配合责任单位 配合责任部门 协同责任单位
        责任主体与协同单位 支持单位 配合科室 配合处室 配合股室 配合学院 协办科室 协调单位 共同责任单位
        相关责任单位 其他责任单位 主要配合单位 市级配合单位 市级配合部门 会办单位 共同推进单位 联动单位
        """
    ),
    Field.PERSON: _words(
        """
        责任领导 分管领导 牵头领导 责任人 包抓领导 包保领导 分管校领导 挂钩领导 牵头人 联系人 责任县领导
        责任市领导 市级领导 县级领导 分管市领导 分管县领导 分管副县长 分管副市长 牵头市领导 牵头县领导
        牵头区领导 分管区领导 具体责任人 直接责任人 第一责任人 主要责任人 负责人 项目负责人 牵头责任人
        挂帅领导 督导领导 包联领导 责任区领导 牵头校领导 主管领导 具体负责人 联络员 责任校领导 分管负责人
        区级领导 整改责任人 市领导 县领导 区领导 领导小组组长 责任省领导 省领导 分管省领导 经办人 承办人
        """
    ),
    Field.DEADLINE: _words(
        """
        完成时限 完成时间 时限 办结时限 整改时限 时间要求 完成期限 整改期限 时间节点 时限要求 完成日期
        推进时限 计划完成时间 完成时间节点 时间安排 实施期限 实施时间 完成时限要求 办理时限 整改完成时限
        整改完成时间 截止时间 截止日期 工作时限 进度时限 时间进度 期限 时间 落实时限 任务时限 完成年限
        目标时限 时序进度 推进进度 预计完成时间 实施年限 起止时间 起止年限 最终时限 进度安排 进度要求 推进时间
        """
    ),
}

COLUMN_NAMES: dict[Field, tuple[str, ...]] = {
    Field.NUMBER: _words(
        """
        序号 编号 项目序号 任务序号 条目 序列 项次
        """
    ),
    Field.CATEGORY: _words(
        """
        类别 工作类别 任务类别 领域 重点领域 分类 板块 工程 行动 专项 维度 方面 一级任务 任务分类 项目类别
        指标类别 类型 工作领域
        """
    ),
    Field.TASK: _words(
        """
        重点任务 重点工作 工作任务 任务 任务名称 项目名称 目标与任务 目标任务 事项 工作事项 主要任务
        重点事项 任务事项 工作名称 整改任务 问题 反馈问题 存在问题 工作项目 改革任务 改革事项 项目 重点项目
        任务清单 指标名称 指标 工作重点 措施名称 二级任务 问题清单 工作内容及目标任务 重点任务名称 整改问题
        建设项目 实事项目 项目内容
        """
    ),
    Field.ACTION: _words(
        """
        具体举措 主要内容 全年目标任务 任务内容 目标要求 工作措施 具体措施 具体任务 工作内容 主要举措 举措
        措施 工作举措 建设内容 具体内容 工作要求 年度目标 整改措施 主要措施 工作目标 目标 年度任务 推进举措
        细化措施 内容 任务目标 主要建设内容 整改目标 整改目标及措施 具体工作 政策措施 落实措施 具体工作任务
        工作任务及要求 任务要求 具体要求 改革举措 年度工作目标 建设规模及内容 阶段目标 工作标准 实施内容
        具体工作内容
        """
    ),
    Field.OTHER: _words(
        """
        备注 说明 进展 推进情况 进展情况 完成情况 是否达序 资金来源 总投资 来源 依据 成果形式 预期成果
        工作成果 落实情况
        """
    ),
}

BARE_ROLES: dict[str, Field] = {
    **dict.fromkeys(_words("牵头 主责 主办 分办 牵头抓总"), Field.LEAD),
    **dict.fromkeys(_words("责任 承办"), Field.RESPONSIBLE),
    **dict.fromkeys(_words("配合 协办 协同 协助 参与 会办"), Field.PARTNER),
}
"""roles without a word for units (牵头：市商务局；配合：各县区): fields where names of units follow"""

_BY_NAME = {name: field for field, names in (*NAMES.items(), *COLUMN_NAMES.items()) for name in names} | BARE_ROLES
KNOWN_NAMES = frozenset(_BY_NAME)
UNIT_FIELDS = frozenset({Field.LEAD, Field.RESPONSIBLE, Field.PARTNER})

AMBIGUOUS_IN_TEXT = frozenset(
    _words(
        """
        时间 期限 工作单位 时间安排 联系人 负责人 项目负责人 市领导 县领导 区领导 省领导 联络员 经办人 时限
        进度安排 承办单位 主办单位
        """
    )
)
"""names that a text uses with a colon for other things too: they count only beside another field"""

UNIT_WORDS = _words(
    """
    单位 部门 科室 处室 股室 部室 室部 院系 院部 系部 站所 站办所 局办 司局 车间 镇街 机构 主体 学院 公司 中心 方
    """
)
UNIT_WORD = f"(?:{'|'.join(UNIT_WORDS)})"
"""what an office calls its units in the name of a field or a column"""


def _spaced(word: str) -> str:
    return r"\s?".join(map(re.escape, word))


def _any_spaced(words: Iterable[str]) -> str:
    return "|".join(map(_spaced, words))


ROLES = _words("牵头 主办 主责 责任 承办 落实 实施 承担 负责 配合 协办 协同 协同配合 协作 协助 参与")
TEXT_NAMES = sorted((n for names in NAMES.values() for n in names), key=len, reverse=True)
BY_PARTS = (
    rf"(?:(?:第一|主要)\s?{_spaced('责任')}|{_any_spaced(ROLES)})\s?"
    rf"(?:{_spaced('责任')}\s?)?(?:{_any_spaced(UNIT_WORDS)})"
)
"""a role and a word for units, also such as no list holds together (牵头部室, 配合车间)"""
PERSONS_BY_PARTS = (
    r"(?:分管|牵头|责任|主管|包抓|包保|包联|挂钩|挂帅|督导|联系)\s?(?:[院校局委厅部处市县区州镇乡司]|公司|集团|企业)?(?:级\s?)?"
    r"(?:领\s?导|负责人|院长|校长|局长|总经理)"
)
"""a role of persons with the house they belong to (分管院领导, 责任局领导)"""
BARE = rf"(?<![\u4e00-\u9fff])(?:{_any_spaced(sorted(BARE_ROLES, key=len, reverse=True))})"
FIELD_NAME = re.compile(
    rf"(?=[挂督联{''.join(sorted({name[0] for name in (*TEXT_NAMES, *ROLES, *BARE_ROLES)}))}])"
    rf"(?<![各该相关主和及与一同、的与])(?P<name>{_any_spaced(TEXT_NAMES)}|{PERSONS_BY_PARTS}|{BY_PARTS}|{BARE})[\s\])]{{0,4}}:\s{{0,4}}"
)


@lru_cache(maxsize=4096)
def field_named(name: str) -> Field | None:
    """The field of a header or a name before a colon, in half width; white space inside does not matter."""
    squeezed_name = re.sub(r"\([^()]*(?:\)|$)", "", squeezed(name)).strip(":、.*#")
    return _BY_NAME.get(squeezed(name).strip(":、.*#")) or _BY_NAME.get(squeezed_name) or _by_ending(squeezed_name)


ENDINGS = (
    (re.compile(r"(?:序|编)号$"), Field.NUMBER),
    (re.compile(r"^(?:一级|大类)(?:任务|指标|目标|事项|项目|工作|分类)?$"), Field.CATEGORY),
    (re.compile(r"^(?:[二三四]级|子)(?:任务|指标|目标|事项|项目|工作)$"), Field.TASK),
    (re.compile(rf"^属地(?:管理|落实|责任|配合)?{UNIT_WORD}?$"), Field.PARTNER),
    (re.compile(rf"^(?:第一|主要)(?:责任|负责|承办){UNIT_WORD}$"), Field.LEAD),
    (re.compile(rf"(?:牵头|主办|主责|发起)[^、]{{0,4}}{UNIT_WORD}$"), Field.LEAD),
    (re.compile(rf"(?:配合|协办|协助|协同|参与|参加|协作|支持|会办)[^、]{{0,6}}{UNIT_WORD}$"), Field.PARTNER),
    (re.compile(rf"责任[^、]{{0,4}}{UNIT_WORD}|^(?:责任|职责)(?:清单|分工|落实)$"), Field.RESPONSIBLE),
    (re.compile(rf"^(?:承办|负责|承担|落实|实施|执行)[^、]{{0,2}}{UNIT_WORD}$"), Field.RESPONSIBLE),
    (re.compile(r"(?:领导|责任人|负责人|副市长|副县长|副区长|校长|院长|局长|总经理)$"), Field.PERSON),
    (
        re.compile(
            r"(?:完成|整改|办结|推进|计划|落实|竣工|建成|投产|投用|交付|验收|销号|办理)[^、]{0,4}(?:时限|时间|期限|日期)$|时限$|^时间节点"
        ),
        Field.DEADLINE,
    ),
    (
        re.compile(
            r"(?:进展|完成|推进|落实|办理)(?:情况|状态|程度)$|(?:目前|当前|最新|工作|实际)(?:进展|进度|状态)$|^备\s*注|投资|资金|达序"
        ),
        Field.OTHER,
    ),
    (re.compile(r"(?:措施|举措|内容|目标|要求)$"), Field.ACTION),
    (re.compile(r"(?:任务|事项|项目|工作|名称|问题|指标)$"), Field.TASK),
)


def _by_ending(name: str) -> Field | None:
    if not 2 <= len(name) <= 14:
        return None
    return next((field for pattern, field in ENDINGS if pattern.search(name)), None)

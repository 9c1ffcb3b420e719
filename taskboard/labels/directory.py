"""The words of a directory that goes out and comes back as a table: its columns, and what can be wrong with a cell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from taskboard.domain.departments import DepartmentKind, DepartmentLevel
from taskboard.domain.directory_tables import CellProblem, Problem
from taskboard.domain.roles import Role
from taskboard.labels import label
from taskboard.labels.times import day_words

DEPARTMENT_SHEET = "单位"
PEOPLE_SHEET = "人员"
NOTES_SHEET = "填写说明"

BETWEEN = "、"
YES, NO = "是", "否"
IN_USE, SWITCHED_OFF = "在用", "停用"


class Column(StrEnum):
    """The titles of the columns, by which they are known again in whatever order they stand."""

    NUMBER = "编号"
    NAME = "单位名称"
    PARENT = "上级单位"
    KIND = "类型"
    LEVEL = "级别"
    ALIASES = "别名"
    OLD_NAMES = "曾用名"
    GROUPS = "所属集合单位"
    SIGN_OFF = "负责人审签"
    STATE = "状态"
    KNOWN_AS = "导出时名称"

    USERNAME = "账号"
    PERSON = "姓名"
    EMAIL = "邮箱"
    DEPARTMENT = "单位"
    ROLE = "岗位"
    FROM = "开始日"
    TO = "结束日"


DEPARTMENT_COLUMNS = tuple(Column)[: tuple(Column).index(Column.USERNAME)]
PEOPLE_COLUMNS = tuple(Column)[tuple(Column).index(Column.USERNAME) :]

KINDS = {label(one): one for one in DepartmentKind}
LEVELS = {label(one): one for one in DepartmentLevel}
ROLES = {label(one): one for one in Role}

COLUMN_NOTES: tuple[tuple[str, str], ...] = (
    ("怎样使用", "改好以后在“单位”页面的“导入”里上传，先列出将要变更的内容，确认后才生效。导入只增加和修改，不删除。"),
    (Column.NUMBER, "系统编号，不要改动；新增的单位留空。"),
    (Column.NAME, "单位的正式名称，必填。改动即为更名，旧名称保留为曾用名；旧文件里的名称仍能对上。"),
    (Column.PARENT, "上级单位的名称或别名，可以是本表里新增的。留空：新单位放在导入时所选的上级之下，原有单位不变。"),
    (
        Column.KIND,
        f"{BETWEEN.join(KINDS)}。集合单位如“各市人民政府”，没有岗位。留空为“单位”；原有单位的类型不能在这里改。",
    ),
    (Column.LEVEL, f"{BETWEEN.join(LEVELS)}。与上级单位相同的留空。"),
    (Column.ALIASES, "文件里的其他叫法，几个之间用顿号隔开。"),
    (
        Column.OLD_NAMES,
        "过去的正式名称，写明起止日期，如“市环境保护局（2009-01-01至2018-12-31）”，开始日不清楚的写“（至2018-12-31）”。",
    ),
    (Column.GROUPS, "是哪些集合单位的成员，可写明日期，如“各成员单位（2024-01-01起）”；不写日期的从导入当日算起。"),
    (Column.SIGN_OFF, "报送前是否须经单位负责人审签，填“是”或“否”。"),
    (Column.STATE, "只供查看；停用、启用请在单位页面办理。"),
    (Column.USERNAME, "人员一人一行；有几个岗位的写几行，账号、姓名、邮箱写得一样。新账号没有密码，由系统管理员设置。"),
    (
        Column.ROLE,
        f"{BETWEEN.join(one for one in ROLES if one != label(Role.ADMINISTRATOR))}。系统管理员请在人员页面设置。",
    ),
    (Column.FROM, "写成 2026-11-21 这样；留空为导入当日。"),
    (Column.TO, "最后一天，长期的留空。"),
)
"""what the sheet of notes says about each column"""

CELL_PROBLEMS: dict[Problem, str] = {
    Problem.NAME_MISSING: "没有填单位名称；请填写，或删去这一行。",
    Problem.NAME_UNUSABLE: "“{text}”里没有可以识别的文字，或超过 200 个字，请改写。",
    Problem.NUMBER_UNKNOWN: "编号“{text}”不是本系统导出的；新单位请清空编号。",
    Problem.NUMBER_OF_ANOTHER: (
        "编号“{text}”是“{other}”，与本行的名称对不上；更名请保留“导出时名称”一列，新单位请清空编号。"
    ),
    Problem.TWICE: "与第 {line} 行是同一个单位，请合并为一行。",
    Problem.NAME_TAKEN: "“{text}”已是“{other}”的名称或别名，同一名称只能属于一个单位，请删去其中一处。",
    Problem.PARENT_UNKNOWN: "目录和本表里都没有“{text}”；请先为它添加一行，或改用目录里的名称。",
    Problem.PARENT_LIKE: "目录和本表里都没有“{text}”，是不是：{likely}？",
    Problem.PARENT_INACTIVE: "上级单位“{text}”已停用，请另填一个。",
    Problem.CYCLE: "“{text}”成了自己的下级：{other}。请改正其中一行的上级单位。",
    Problem.TOO_DEEP: "单位层级太深，请另填上级单位。",
    Problem.KIND_UNKNOWN: "类型只能填：{choices}。",
    Problem.KIND_CHANGED: "类型不能用导入改变；请在单位页面修改。",
    Problem.LEVEL_UNKNOWN: "级别只能填：{choices}；与上级相同的可以留空。",
    Problem.LEVEL_TOO_HIGH: "级别“{text}”高于上级单位“{other}”的级别，请改正其中一处。",
    Problem.LEVEL_TOO_LOW: "级别“{text}”低于下级单位“{other}”的级别，请改正其中一处。",
    Problem.YES_OR_NO: "只能填“是”或“否”。",
    Problem.STATE_CHANGED: "导入不停用、不启用单位；请在单位页面办理。",
    Problem.OLD_NAME_UNDATED: "请写明停用日期，如“{text}（至2018-12-31）”。",
    Problem.OLD_NAME_OFFICIAL: "“{text}”是现在的正式名称，不是曾用名，请删去。",
    Problem.PERIOD_WRONG: "“{text}”的日期不对：结束日不能早于开始日，曾用名不能晚于今天停用。",
    Problem.DAY_WRONG: "“{text}”不是日期，请写成 2026-11-21 这样。",
    Problem.GROUP_UNKNOWN: "没有集合单位“{text}”；请先为它添加一行，类型填“集合单位”。",
    Problem.GROUP_NOT_COLLECTIVE: "“{text}”不是集合单位，不能有成员单位。",
    Problem.MEMBER_COLLECTIVE: "集合单位不能是另一个集合单位的成员，请清空这一格。",
    Problem.USERNAME_FORM: "账号只能用小写字母、数字和 . _ - @，以字母或数字开头，2 至 80 个字符。",
    Problem.PERSON_MISSING: "没有填姓名（80 字以内）。",
    Problem.PERSON_DIFFERS: "账号“{text}”在第 {line} 行是另一个姓名或邮箱，请改成一致。",
    Problem.EMAIL_FORM: "邮箱地址的写法不对。",
    Problem.DEPARTMENT_MISSING: "填了岗位就要填单位。",
    Problem.DEPARTMENT_UNKNOWN: "目录和本表里都没有单位“{text}”，请改用目录里的名称。",
    Problem.DEPARTMENT_COLLECTIVE: "“{text}”是集合单位，没有岗位，请填写具体单位。",
    Problem.DEPARTMENT_INACTIVE: "“{text}”已停用，请另填一个单位。",
    Problem.ROLE_MISSING: "填了单位就要填岗位。",
    Problem.ROLE_UNKNOWN: "岗位只能填：{choices}。",
    Problem.ROLE_BY_HAND: "系统管理员的岗位不能用导入增加或结束；请在人员页面办理。",
    Problem.UNKNOWN_COLUMN: "不认识这一列，没有读取；可用的列：{choices}。",
}


def cell_problem(problem: CellProblem) -> str:
    """What is wrong with one cell and what to do, in a sentence."""
    facts: dict[str, Any] = {"text": problem.text, "choices": _choices(problem.problem), **problem.facts}
    return CELL_PROBLEMS[problem.problem].format(**facts)


def _choices(problem: Problem) -> str:
    choices: dict[Problem, tuple[str, ...]] = {
        Problem.KIND_UNKNOWN: tuple(KINDS),
        Problem.LEVEL_UNKNOWN: tuple(LEVELS),
        Problem.ROLE_UNKNOWN: tuple(ROLES),
        Problem.UNKNOWN_COLUMN: tuple(Column),
    }
    return BETWEEN.join(choices.get(problem, ()))


LOOSE_ENDS: dict[str, str] = {
    "orders": "份督办文件",
    "objections": "件退单",
    "extensions": "件延期申请",
    "help_requests": "件需协调事项",
    "subtasks": "项下级任务",
}


def loose_ends_words(counts: Mapping[str, int]) -> str:
    """What hangs on assignments and is not settled, such as “1 份督办文件、2 件退单”; empty where nothing does."""
    return BETWEEN.join(f"{counts[kind]} {words}" for kind, words in LOOSE_ENDS.items() if counts[kind])


def value_words(value: Any) -> str:
    """A value of a change as the preview shows it."""
    if value is None or value == "":
        return "无"
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, StrEnum) and not isinstance(value, Column):
        return label(value)
    return day_words(value) if hasattr(value, "isoformat") else str(value)

"""One key for all the ways in which documents write a department's name.

Two names with the same key are the same department; names with different keys are different until a person says
otherwise. So folding is exact: characters, brackets and script are evened out, the endings that everybody shortens are
shortened, and a fixed list of usual abbreviations is applied, each only where it is the whole of what stands between
the place (省, 市, 某某县) and the ending (委, 厅, 局). Places are never folded: 市发改委 is not 省发改委.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from rapidfuzz import fuzz

from taskboard.domain.plan_parsing.script import to_simplified

BRACKETS = str.maketrans("[{〔【〖<〈", "(((((((") | str.maketrans("]}〕】〗>〉", ")))))))")
NOISE = re.compile(r"[\s“”‘’\"'`「」『』《》·•・]+")
BRACKETED = re.compile(r"([()])")

SHORT_ENDINGS = (
    ("监督管理委员会", "监管委"),
    ("管理委员会", "管委"),
    ("管委会", "管委"),
    ("委员会办公室", "委办"),
    ("委员会", "委"),
    ("办公室", "办"),
)
SUPERVISION = re.compile(r"监督管理(?=总?[局委署]|$)")

PLACE_ENDS = (
    "省",
    "市",
    "县",
    "区",
    "州",
    "盟",
    "旗",
    "乡",
    "镇",
    "街道",
    "委",
    "国家",
    "全国",
    "兵团",
    "集团",
    "公司",
    "各",
)
ORGAN_ENDS = ("委", "厅", "局", "办", "部", "署", "总局", "中心", "")

USUAL_ABBREVIATIONS = """
发改: 发展和改革 发展与改革 发展改革
工信: 工业和信息化 工业与信息化 工业信息化
经信: 经济和信息化 经济与信息化 经济信息化
教体: 教育和体育 教育体育
科技: 科学技术 科学和技术
民宗: 民族宗教事务 民族和宗教事务 民族宗教 民宗事务
国安: 国家安全
人社: 人力资源和社会保障 人力资源与社会保障 人力资源社会保障 人力社保
自规: 自然资源和规划 自然资源与规划 自然资源规划 资规
规自: 规划和自然资源 规划与自然资源 规划自然资源 规资
住建: 住房和城乡建设 住房与城乡建设 住房城乡建设
城管: 城市管理
交通: 交通运输
文旅: 文化和旅游 文化与旅游 文化旅游
文广旅: 文化广电和旅游 文化广电旅游 文化广播电视和旅游 文化广播电视旅游
文广旅体: 文化广电旅游和体育 文化广电旅游体育 文化广电和旅游体育
卫健: 卫生健康 卫生和健康
卫计: 卫生和计划生育 卫生计划生育 卫生计生
退役军人: 退役军人事务
应急: 应急管理
外: 外事
国资: 国有资产监管 国有资产管理
市监: 市场监管 市场监督
医保: 医疗保障
地方金融监管: 地方金融监督
机关事务: 机关事务管理
林草: 林业和草原 林业草原
粮储: 粮食和物资储备 粮食物资储备 粮食与物资储备
人防: 人民防空
药监: 药品监管 药品监督
中医药: 中医药管理
疾控: 疾病预防控制
广电: 广播电视
海洋渔业: 海洋与渔业 海洋和渔业
农机: 农业机械化
通管: 通信管理
邮管: 邮政管理
统战: 统一战线工作 统战工作
编: 机构编制委 机构编制 编委
网信: 网络安全和信息化委 网络安全和信息化
文明: 精神文明建设指导委 精神文明建设委
政府: 人民政府
政府办公厅: 人民政府办公厅
政府办: 人民政府办
人大常委会: 人大常委 人民代表大会常务委
人大: 人民代表大会
中院: 中级人民法院
高院: 高级人民法院
法院: 人民法院
检察院: 人民检察院
妇联: 妇女联合会
残联: 残疾人联合会
科协: 科学技术协会
工商联: 工商业联合会
文联: 文学艺术界联合会
侨联: 归国华侨联合会
社科联: 社会科学界联合会
供销社: 供销合作社
"""


def _by_variant(table: str) -> dict[str, str]:
    folded = {}
    for line in table.strip().splitlines():
        short, variants = line.split(": ")
        folded.update(dict.fromkeys(variants.split(), short))
    return folded


SHORTEST_COMPARED = 2
SHORT_FORMS = _by_variant(USUAL_ABBREVIATIONS)


@lru_cache(maxsize=20_000)
def match_key(name: str) -> str:
    """The key by which names of departments are compared; empty where the name has nothing to compare."""
    return "".join(part if part in ("(", ")") else _fold(part) for part in BRACKETED.split(plain_name(name)))


def plain_name(name: str) -> str:
    """The name in simplified characters, without blanks and quotes, nothing of it shortened."""
    plain = unicodedata.normalize("NFKC", name)
    plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    return NOISE.sub("", to_simplified(plain).translate(BRACKETS)).casefold()


def resemblance(name: str, other: str) -> int:
    """How far two names look like one department, 0 to 100; for suggestions only, never to decide.

    A shortened name (云泽市发改委 as 市发改委) and one with another ending (市发改局) count for more than mere likeness
    of characters, which takes 市人社局 for 市人大 and misses the right one.
    """
    one, two = match_key(name), match_key(other)
    short, long = sorted((one, two), key=len)
    if len(short) < SHORTEST_COMPARED:
        return 0
    if short == long:
        return 100
    if is_subsequence(short, long):
        return 90 + 9 * len(short) // len(long)
    if short[:-1] == long[:-1] and short[-1] in ORGAN_ENDS and long[-1] in ORGAN_ENDS:
        return 88
    return int(fuzz.ratio(one, two))


def is_subsequence(short: str, long: str) -> bool:
    """Whether all characters of the short name stand in the long one, in their order."""
    rest = iter(long)
    return all(char in rest for char in short)


def _fold(name: str) -> str:
    """One name without brackets, its ending and its subject in their short forms."""
    for long, short in SHORT_ENDINGS:
        if name.endswith(long) and name != long:
            name = name.removesuffix(long) + short
            break
    name = SUPERVISION.sub("监管", name)
    for place, subject, end in _splits(name):
        if subject in SHORT_FORMS:
            return place + SHORT_FORMS[subject] + end
    return name


def _splits(name: str) -> Iterator[tuple[str, str, str]]:
    """All ways to read the name as place, subject and ending, the shortest place and the longest ending first."""
    starts = [0, *(number for number in range(1, len(name)) if name[:number].endswith(PLACE_ENDS))]
    for start in starts:
        for end in sorted((end for end in ORGAN_ENDS if name.endswith(end)), key=len, reverse=True):
            stop = len(name) - len(end)
            if stop > start:
                yield name[:start], name[start:stop], end

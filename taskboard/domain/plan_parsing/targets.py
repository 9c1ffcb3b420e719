"""Measurable targets: 达到70%左右, 新增小微企业8000家, 控制在0.4吨以下."""

from __future__ import annotations

import re

UNIT = (
    r"(?:%|‰|个百分点|个|家|项|处|户|名|人次|人|件|条|座|台套|台|套|辆|所|间|场次|场|次|期|部|只|株|头|亩|公顷|平方米"
    r"|平方公里|立方米|公里|千米|米|吨标煤|吨|千瓦时|千瓦|兆瓦|天|小时|分钟|工作日|亿元|万元|元|亿|万|倍|张床位|张|本"
    r"|批|类|支|对|起|宗|门|篇|艘|架|块|片|列|班|届|种|样|级|份|孔|眼|口|车位|床)"
)
NUMBER = r"\d+(?:\.\d+)?(?:[—\-~至]\d+(?:\.\d+)?)?"
COMPARISON = (
    r"(?:达到|达|不低于|不少于|不超过|不高于|控制在|保持在|稳定在|突破|超过|提高到|提升至|提升到|提高|增长|下降|降低"
    r"|压缩至|压缩到|压减|缩短至|减少|扩大到|新增|新建|建成|完成|至少|培育|引进|力争)"
)
TARGET = re.compile(
    rf"(?P<lead>{COMPARISON}?)(?P<number>{NUMBER})(?P<scale>(?:万|亿|千|百)?)(?P<unit>{UNIT})"
    rf"(?P<bound>(?:/[\u4e00-\u9fff]{{1,3}})?(?:以上|以下|以内|左右|之内)?)"
)
NOT_COUNTED = re.compile(r"(?:[〔\[(]\d{4}[〕\])]|第)$")


def read_targets(plain: str, limit: int = 12) -> list[tuple[str, int, int]]:
    """Short strings of the numbers that a measure sets itself, with their places; years and names are left out."""
    targets: list[tuple[str, int, int]] = []
    for found in TARGET.finditer(plain):
        if NOT_COUNTED.search(plain[max(0, found.start() - 6) : found.start()]):
            continue
        if re.fullmatch(r"(?:19|20)\d\d", found["number"]) and found["unit"] in ("年", "级", "版"):
            continue
        targets.append((found.group(), found.start(), found.end()))
        if len(targets) == limit:
            break
    return targets

"""Kinds of sections by their titles: what never holds measures, and what does."""

from __future__ import annotations

import re

NEVER_MEASURES = re.compile(
    r"总体要求|指导思想|总体思路|基本思路|^工作思路|基本原则|工作原则|主要原则|遵循原则|坚持原则|^原则"
    r"|^(?:.{0,6})?(?:总体|主要|工作|发展|行动|具体|年度|阶段|预期|建设|整治|改革|创建|任务|治理)目标(?:任务)?$|^目标"
    r"|^形势|认清.{0,4}形势|充分认识|(?:重要性|必要性|紧迫性|紧迫感|使命感)(?:和|与|、|$)|(?:面临|当前|基本|主要|总体|发展)的?.{0,4}形势|^现状|现状$|(?:存在|主要|突出)的?(?:主要|突出)?问题$|存在的?(?:困难|不足|问题)|面临的|困难(?:和|与)问题|问题分析|原因分析|影响评估"
    r"|背景$|^背景|(?:出台|工作|编制|起草|制定)背景|(?:重要|重大)意义|意义$|回顾$|工作回顾|(?:主要|取得的?|工作)(?:成效|成绩)|^成效|^成绩|基本情况|总体情况|进展情况|^工作情况|现状及问题"
    r"|主要(?:特点|亮点|经验)|基本经验|适用范围|名词解释|术语"
)
GOALS_AND_TASKS = re.compile(r"目标(?:和|与|及)(?:主要|重点)?任务")
PHASES = re.compile(
    r"实施步骤|工作步骤|方法步骤|步骤安排|实施阶段|阶段划分|时间安排|进度安排|工作安排及步骤|阶段安排|步骤$|阶段$"
)
LAST_ARTICLES = re.compile(
    r"负责解释|由.{1,20}解释|起施行|之日起(?:施行|实施|执行)|有效期|同时废止|制定本.{2,6}[。]?$|以本.{1,6}为准"
)
APPENDIX = re.compile(r"^附\s?(?:件|表|录|则)")


def never_holds_measures(title: str) -> bool:
    """总体要求, 目标, 形势, 问题 and past achievements; also phases and appendices."""
    words = title.strip()[:40]
    if GOALS_AND_TASKS.search(words):
        return False
    return bool(NEVER_MEASURES.search(words) or PHASES.search(words) or APPENDIX.match(words))


SUPPORT = re.compile(r"保障|组织领导|组织实施|工作要求|有关要求|组织机构|工作机制|统筹协调")


def is_about_support(title: str) -> bool:
    """保障措施, 组织领导, 工作要求: how the plan is carried out, rarely who does what of it."""
    return bool(SUPPORT.search(title.strip()[:20]))


def is_closing_article(text: str) -> bool:
    """An article about who interprets the document and from when it is in force."""
    return len(text) < 160 and bool(LAST_ARTICLES.search(text))


def holds_recommendations(title: str) -> bool:
    """对策建议, 政策建议: where a research report says what should be done."""
    return bool(re.search(r"建议|对策", title))

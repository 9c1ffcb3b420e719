"""Press conferences: questions, answers, who answered, and the steps that the answers announce."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from taskboard.domain.plan_parsing.lines import Line
from taskboard.domain.plan_parsing.numbering import Label
from taskboard.domain.plan_parsing.outline import split_steps
from taskboard.domain.plan_parsing.text import Text, join_texts, squeezed


@dataclass(frozen=True)
class Step:
    """One announced step: the question it answers (0 before any), its label, its text, and the speaker's office."""

    question: int
    label: Label
    text: Text
    office: str
    is_promised: bool = True
    """False for rows about results or principles and for those outside all answers, which a person may still take"""


REPORTER = re.compile(
    r"^(?!各位|尊敬的|亲爱的|新闻界)(?:[^。,;!?:]{2,20}记者(?:\s?[\u4e00-\u9fff]{2,4})?|记者(?:提?问)?|问|提问)\s?(?:[:,]|$)"
)
REPORTER_LINE = re.compile(r"^[^。,;!?:]{2,20}记者$")
SPEAKER = re.compile(r"^(?P<name>[\u4e00-\u9fff]\s?[\u4e00-\u9fff]{1,3}|答)\s?(?::|$)")
OFFICE = re.compile(
    r"(?P<office>(?:省|市|县|区|州|国家|自治区)[^,。;、:\s]{1,18}?(?:委员会|委|厅|局|办公室|办|部|院|中心|集团|政府))"
    r"(?:党(?:组|委)?(?:副?书记|成员)?、?)?"
    r"(?:副|一级巡视员|二级巡视员|总工程师|总经济师|新闻发言人|秘书长|常务|第一|副|党组成员|、|和)*"
    r"(?:主任|厅长|局长|部长|书记|秘书长|巡视员|发言人|处长|[一二]级巡视员|[一二三四]级调研员|总工程师|主席|院长|会长|县长|市长|区长|成员)"
    r"(?:、[^,。;\s]{2,10}?[人长任员记席师])?(?P<name>[\u4e00-\u9fff]\s?[\u4e00-\u9fff]{1,2})(?:先生|女士|同志)"
)
LIST_OF_PERSONS = re.compile(
    r"^(?:发布人|主发布人|介绍人|发言人|出席(?:领导|嘉宾|人员)?|嘉宾|参加(?:人员|领导)?|应询人)\s?:"
)
LISTED = re.compile(
    r"(?P<office>(?:省|市|县|区|州|国家|自治区)[^,。;、:\s]{1,18}?(?:委员会|委|厅|局|办公室|办|部|院|中心|集团|政府))"
    r"[^,。;\s]{0,16}[长任记席员人师]\s?(?P<name>[\u4e00-\u9fff]\s?[\u4e00-\u9fff]{1,2})(?=$|[,、;。()\s])"
)
"""发布人：市某局局长 张某；市某委副主任 李某: persons in the list before the conference, without 先生 or 女士"""
HOST = re.compile(r"主持|司仪|画外音|记者")
FEWEST_TURNS = 2
CONFERENCE = re.compile(r"发布会|吹风会|答记者问|通气会")
AGAINST = re.compile(
    r"(?:针对|围绕|结合|根据|按照|考虑到|鉴于|面对|为(?:了)?(?:解决|应对))[^,。]{0,16}(?:问题|困难|不足|特点|变化|背景|情况|形势)"
)
"""what steps are for is not what they are"""
NO_STEPS = re.compile(r"原则|成效|成绩|问题|亮点|特点|背景|经验|变化|不足|困难|意义|回顾|进展情况")


def is_press_conference(lines: Sequence[Line]) -> bool:
    """Whether journalists ask and officials answer."""
    plain = "\n".join(line.text.plain for line in lines[:60])
    asked = sum(bool(REPORTER.match(line.text.plain.strip())) for line in lines)
    if asked == 1 and any(CONFERENCE.search(line.text.plain) for line in lines[:3]):
        offices = _offices(lines)
        spoken = (SPEAKER.match(line.text.plain.strip()) for line in lines)
        asked += sum(said is not None and squeezed(said["name"]) in offices for said in spoken)
    return asked >= FEWEST_TURNS and bool(CONFERENCE.search(plain) or "记者" in plain or "访谈" in plain)


def read_steps(lines: Sequence[Line]) -> list[Step]:
    """The steps of all answers in order, then those outside all answers."""
    offices = _offices(lines)
    steps: list[Step] = []
    question = 0
    speaker = ""
    answer: list[Text] = []
    outside: list[Text] = []
    for line in lines:
        plain = line.text.plain.strip()
        if REPORTER.match(plain):
            steps += _steps_of(answer, question, offices.get(speaker, ""))
            answer, speaker = [], ""
            question += 1
        elif (said := SPEAKER.match(plain)) and HOST.search(said["name"]):
            steps += _steps_of(answer, question, offices.get(speaker, ""))
            answer, speaker = [], ""
        elif said and (
            squeezed(said["name"]) in offices or len(plain) <= 4 or said["name"] == "答" or (question and not speaker)
        ):
            steps += _steps_of(answer, question, offices.get(speaker, ""))
            answer, speaker = [], squeezed(said["name"])
            if len(plain) > said.end():
                answer.append(line.text[said.end() :])
        elif speaker:
            answer.append(line.text)
        else:
            outside.append(line.text)
    steps += _steps_of(answer, question, offices.get(speaker, ""))
    return [*steps, *(replace(step, is_promised=False) for step in _steps_of(outside, 0, ""))]


def _offices(lines: Sequence[Line]) -> dict[str, str]:
    """The office of each person who is introduced or listed."""
    offices: dict[str, str] = {}
    for line in lines:
        plain = line.text.plain[:2000]
        known = [*OFFICE.finditer(plain), *(LISTED.finditer(plain) if LIST_OF_PERSONS.match(plain) else ())]
        offices.update((squeezed(found["name"]), found["office"]) for found in known)
    return offices


def _steps_of(answer: list[Text], question: int, office: str) -> list[Step]:
    text = join_texts(answer, "\n")
    steps: list[Step] = []
    for row, is_promised in _judged_rows(text, only_announced=question == 0):
        steps += [Step(question, label, step, office, is_promised) for label, step in row]
    return steps


TO_COME = re.compile(
    r"下一步|下一阶段|下阶段|接下来|今后|将(?!士|军)|今年(?!以来)|重点(?:做好|抓好|抓|从|在)|着力|抓好|抓落实"
    r"|主要(?:内容|举措|措施)|(?:具体|政策)措施|[一二三四五六七八两几]\s?[点个项条方面]{1,2}的?(?:安排|打算|举措|部署)"
)


def rows_of_steps(text: Text) -> list[list[tuple[Label, Text]]]:
    """The rows 一是…二是… of a text; a step ends with its paragraph; rows about principles or results are left out."""
    return [row for row, is_promised in _judged_rows(text) if is_promised]


def _judged_rows(text: Text, *, only_announced: bool = False) -> list[tuple[list[tuple[Label, Text]], bool]]:
    """All rows of a text, and of each whether it says what will be done.

    With ``only_announced`` (an opening speech, which presents more than it promises) a row needs words of what will be.
    """
    intro, steps = split_steps(text)
    rows: list[tuple[list[tuple[Label, Text]], bool]] = []
    before = intro.plain
    for label, piece in steps:
        end = piece.plain.find("\n")
        if label.number == 1:
            announced = AGAINST.sub("", before[-120:].rstrip().rstrip(":。").rsplit("。", 1)[-1])
            said = not NO_STEPS.search(announced[-24:]) and not (only_announced and not TO_COME.search(announced))
            rows.append(([], said))
        rows[-1][0].append((label, piece if end < 0 else piece[:end]))
        before = piece.plain
    return rows

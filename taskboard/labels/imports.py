"""The words of the review before an import: choices, obstacles, and how each field is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taskboard.domain.imports import DeadlineChoice, NameChoice, Obstacle
from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.labels import label

PASTED_NAME = "粘贴的文本.txt"
UNNAMED = "未命名"

DEADLINE_CHOICES: Mapping[DeadlineChoice, str] = {
    DeadlineChoice.STATED: "按原文",
    DeadlineChoice.INHERITED: "按计划期限",
    DeadlineChoice.DATE: "另定日期",
    DeadlineChoice.ONGOING: "长期坚持",
    DeadlineChoice.NONE: "暂不确定",
}

COMMON_DEADLINES = (DeadlineChoice.DATE, DeadlineChoice.INHERITED, DeadlineChoice.ONGOING, DeadlineChoice.NONE)
"""what several measures can be given together; what the text states belongs to each by itself"""

RECURRENCE_CHOICES: Sequence[tuple[str, str]] = [("", "不定期"), *((one.value, label(one)) for one in Recurrence)]
"""how often a task is to be reported on or done; the empty value is a task that does not come back"""

NAME_CHOICES: Mapping[NameChoice, str] = {
    NameChoice.CREATE_UNIT: "新建单位",
    NameChoice.CREATE_COLLECTIVE: "新建集合单位",
    NameChoice.SAME_AS: "与已有单位相同",
}

OBSTACLES: Mapping[Obstacle, str] = {
    Obstacle.NOTHING_INCLUDED: "没有选中任何举措，请至少导入一项。",
    Obstacle.TITLE_EMPTY: "标题还是空的，请填写。",
    Obstacle.LEAD_EMPTY: "没有牵头单位，请填写，或不导入这一项。",
    Obstacle.SAME_DEPARTMENT: "同一单位不能既牵头又配合，请从其中一栏删去。",
    Obstacle.NO_STATED_DEADLINE: "原文没有写明时限，请另选。",
    Obstacle.NO_HORIZON: "计划期限还没有填写，请先填写计划期限，或另选时限。",
    Obstacle.DATE_EMPTY: "选了“另定日期”，请填写日期。",
    Obstacle.DEPARTMENT_INACTIVE: "有单位已停用，请换成现在的单位。",
    Obstacle.NAME_UNREADABLE: "不像单位名称，请在举措中改正。",
    Obstacle.NAME_UNDECIDED: "与名录中的单位相近，请选择是同一单位还是新建。",
    Obstacle.TARGET_UNKNOWN: "要对应的单位在名录和本文件中都没有，请重新填写。",
    Obstacle.LEADS_UNCHECKED: "有牵头单位是推断的，请核对后勾选确认。",
    Obstacle.UNITS_UNCHECKED: "有单位名称只是按简称或别名对上的，请核对后勾选确认。",
}

FILE_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "docx": (".docx",),
    "doc": (".doc", ".wps"),
    "xlsx": (".xlsx",),
    "pdf": (".pdf",),
    "html": (".html", ".htm"),
    "mhtml": (".mht", ".mhtml"),
    "text": (".txt",),
    "ofd": (".ofd",),
    "image": (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"),
}
"""kind of document → how such files are called; labels stand beside the readers and know their kinds by name only"""

INFERENCE_RULES: Mapping[str, str] = {
    "first_listed_leads": "原文没有写明牵头，取列在第一位的单位",
    "year_of_document": "原文没有写年份或日期，按文件的年份推算",
}
"""rule of the parser → what it concluded, in words; a rule without words is shown as inferred, without more"""

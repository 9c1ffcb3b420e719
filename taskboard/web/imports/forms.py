"""The forms of an import: choosing a document, and one form for each part of the review."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms import Form as PlainForm
from wtforms.meta import DefaultMeta
from wtforms.validators import ValidationError

from taskboard.domain.imports import (
    FIELDS_IN_DOUBT,
    NAME_LENGTH,
    TITLE_LENGTH,
    DeadlineChoice,
    Entry,
    NameChoice,
    NameDecision,
    PlanFacts,
    join_names,
    joined_by,
    led_by,
    split_names,
    taken,
    with_deadline,
)
from taskboard.domain.plan_parsing.reading import Recurrence
from taskboard.domain.report_rhythms import PlanRhythm, is_day_of
from taskboard.labels.imports import COMMON_DEADLINES, DEADLINE_CHOICES, NAME_CHOICES, RECURRENCE_CHOICES
from taskboard.labels.targets import PLAN_RHYTHMS
from taskboard.labels.times import day_words
from taskboard.services.import_review import ReviewRow, UnknownName
from taskboard.web.forms import (
    DayField,
    Form,
    IdField,
    LineField,
    MaxLength,
    TextField,
    VersionedForm,
    choices,
)
from taskboard.web.imports.targets import TargetsField
from taskboard.web.typed import plain

Change = Callable[[Entry], Entry]
"""what an act does to a measure"""


PLAIN_CHANGES: Mapping[str, Change] = {
    "bulk-look": lambda entry: replace(entry, looked_at=FIELDS_IN_DOUBT),
    "bulk-include": taken,
    "bulk-leave-out": lambda entry: replace(entry, is_included=False),
}


MOST_NAMES = 300


SUGGESTED = "suggested:"


class UploadForm(Form):
    """A file or a pasted text; ``draft``, ``plan`` or ``scan`` names a document met before, to be read once more."""

    file = FileField("计划文件")
    text = TextField("或粘贴正文")
    body = SelectField("督查单位", coerce=str)
    draft = IdField()
    plan = IdField()
    scan = IdField()


class DiscardForm(Form):
    """The press of a button."""


class Part(PlainForm):
    """Base of the forms that make up the review: they travel together, so token and version stand beside them."""

    class Meta(DefaultMeta):
        locales = ("zh",)


class NamesField(TextField):
    """Names of units, separated by 、 or line breaks."""

    @property
    def names(self) -> tuple[str, ...]:
        return split_names(self.data or "")

    def process_data(self, value: Any) -> None:
        self.data = join_names(value or ())

    def pre_validate(self, form: Any) -> None:
        if len(self.names) > MOST_NAMES:
            raise ValidationError(f"最多 {MOST_NAMES} 个单位。")
        too_long = next((name for name in self.names if len(name) > NAME_LENGTH), None)
        if too_long is not None:
            raise ValidationError(f"单位名称最多 {NAME_LENGTH} 个字：“{too_long[:20]}…”。")


class ReviewForm(VersionedForm):
    """What the review sends besides its parts."""

    seen = HiddenField()
    """what had been decided when the page was made; see :mod:`taskboard.web.imports.merging`"""
    leads_are_checked = BooleanField("我已逐项核对推断的牵头单位，确认无误")
    units_are_checked = BooleanField("我已核对按简称或别名对上的单位，确认无误")
    common_lead = NamesField("没有牵头单位的统一填为")
    selected = SelectMultipleField("选中的举措", choices=[], validate_choice=False)
    everything = BooleanField("连同其他页")
    bulk_deadline = SelectField(
        "时限", choices=choices([(one.value, DEADLINE_CHOICES[one]) for one in COMMON_DEADLINES])
    )
    bulk_date = DayField("日期")
    bulk_recurrence = SelectField("频次", choices=choices(RECURRENCE_CHOICES))
    bulk_units = NamesField("单位")

    def validate_common(self) -> bool:
        """Whether the fields that many measures share are well formed."""
        shared = (self.common_lead, self.bulk_date, self.bulk_units)
        # A list, so that each one is asked and shows its own errors.
        return not [field for field in shared if not field.validate(self)]

    def common_change(self, act: str) -> Change | None:
        """What the act does to each measure that was selected; ``None`` where it is none, or with its error shown."""
        change = self._change(act)
        if change is not None and not self.selected.data and not self.everything.data:
            self.selected.errors = ["还没有勾选举措。请在要改的各项标题前打勾。"]
            return None
        return change

    def _change(self, act: str) -> Change | None:
        return PLAIN_CHANGES[act] if act in PLAIN_CHANGES else self._change_to(act)

    def _change_to(self, act: str) -> Change | None:
        """A change to what stands in the fields beside its button."""
        names, day, deadline = self.bulk_units.names, self.bulk_date.data, self.bulk_deadline.data
        match act:
            case "bulk-recurrence":
                recurrence = Recurrence(self.bulk_recurrence.data) if self.bulk_recurrence.data else None
                return lambda entry: replace(entry, recurrence=recurrence)
            case "bulk-deadline" if deadline == DeadlineChoice.DATE and day is None:
                self.bulk_date.errors = ["请填写日期，如 2026-12-31。"]
            case "bulk-deadline":
                return lambda entry: with_deadline(entry, DeadlineChoice(deadline), day)
            case "bulk-lead" | "bulk-partners" if not names:
                self.bulk_units.errors = ["请填写单位。"]
            case "bulk-lead":
                return lambda entry: led_by(entry, names)
            case "bulk-partners":
                return lambda entry: joined_by(entry, names)
        return None


class FactsForm(Part):
    """What is said about the plan as a whole."""

    title = LineField("计划名称", validators=[MaxLength(TITLE_LENGTH)])
    issuer = LineField("印发单位", validators=[MaxLength(NAME_LENGTH)])
    document_number = LineField("文号", validators=[MaxLength(100)])
    dated_on = DayField("成文日期")
    horizon_on = DayField("计划期限")
    defaults = NamesField("每项都涉及的单位")
    report_rhythm = SelectField(
        "报送频次", choices=choices([(one.value, words) for one, words in PLAN_RHYTHMS.items()]), coerce=PlanRhythm
    )
    report_day = LineField("报送日")

    def validate_report_day(self, field: Field) -> None:
        rhythm = self.report_rhythm.data or PlanRhythm.NONE
        field.data = plain(field.data)
        if not field.data:
            return
        if not field.data.isdecimal() or len(field.data) > 2 or not is_day_of(rhythm, int(field.data)):
            raise ValidationError("每周请填 1 至 7（周一为 1），其他频次请填 1 至 31；不定期的请留空。")

    def facts(self) -> PlanFacts:
        return PlanFacts(
            title=self.title.data or "",
            issuer=self.issuer.data or "",
            document_number=self.document_number.data or "",
            dated_on=self.dated_on.data,
            horizon_on=self.horizon_on.data,
            defaults=self.defaults.names,
            report_rhythm=self.report_rhythm.data or PlanRhythm.NONE,
            report_day=int(self.report_day.data) if self.report_day.data else None,
        )


class MeasureForm(Part):
    """One measure of the review."""

    is_included = BooleanField("导入这一项")
    title = LineField("任务名称", validators=[MaxLength(TITLE_LENGTH)])
    lead = NamesField("牵头单位")
    partners = NamesField("配合单位")
    deadline = SelectField("时限", coerce=DeadlineChoice)
    decided_on = DayField("日期")
    recurrence = SelectField("频次", choices=choices(RECURRENCE_CHOICES))
    targets = TargetsField("指标")
    looked_at = SelectMultipleField("已核对", choices=choices([(name, name) for name in FIELDS_IN_DOUBT]))

    def offer_deadlines(self, one: ReviewRow, facts: PlanFacts) -> None:
        """Only what there is: the text's own date where it states one, the plan's with the day it would be."""
        self.deadline.choices = [(choice.value, words) for choice, words in deadline_choices(one, facts)]

    def validate_decided_on(self, field: DayField) -> None:
        if field.data is not None and self.deadline.data is not DeadlineChoice.DATE:
            raise ValidationError("填写了日期，请在“时限”里选“另定日期”，或清空日期。")

    def entry(self) -> Entry:
        return Entry(
            is_included=bool(self.is_included.data),
            title=self.title.data or "",
            lead=self.lead.names,
            partners=self.partners.names,
            deadline=self.deadline.data,
            decided_on=self.decided_on.data,
            recurrence=Recurrence(self.recurrence.data) if self.recurrence.data else None,
            targets=self.targets.data,
            looked_at=tuple(self.looked_at.data or ()),
        )


def deadline_choices(one: ReviewRow, facts: PlanFacts) -> Iterator[tuple[DeadlineChoice, str]]:
    """The choices of one measure with their words, only those that lead somewhere."""
    stated = one.row.parsed.deadline
    for choice, words in DEADLINE_CHOICES.items():
        match choice:
            case DeadlineChoice.STATED if stated is not None:
                yield choice, f"{words}：{day_words(stated)}"
            case DeadlineChoice.STATED:
                continue
            case DeadlineChoice.INHERITED:
                yield choice, f"{words}：{day_words(facts.horizon_on) if facts.horizon_on else '未填写'}"
            case _:
                yield choice, words


class NameForm(Part):
    """What becomes of one unknown name. A suggested department is a choice of its own."""

    choice = RadioField("处理", validate_choice=False)
    same_as = LineField("对应的单位", validators=[MaxLength(NAME_LENGTH)])

    def offer_choices(self, unknown: UnknownName) -> None:
        suggested = [(f"{SUGGESTED}{one.name}", f"就是“{one.name}”") for one in unknown.suggestions]
        self.choice.choices = suggested + [(one.value, words) for one, words in NAME_CHOICES.items()]

    def validate_choice(self, field: Field) -> None:
        if field.data and not field.data.startswith(SUGGESTED) and field.data not in set(NameChoice):
            raise ValidationError("没有这一项，请重新选择。")

    def validate_same_as(self, field: Field) -> None:
        if self.choice.data == NameChoice.SAME_AS and not field.data:
            raise ValidationError("请填写对应的单位。")

    def decision(self) -> NameDecision | None:
        chosen = self.choice.data or ""
        if chosen.startswith(SUGGESTED):
            return NameDecision(NameChoice.SAME_AS, chosen.removeprefix(SUGGESTED))
        if not chosen:
            return None
        choice = NameChoice(chosen)
        return NameDecision(choice, (self.same_as.data or "") if choice is NameChoice.SAME_AS else "")

"""The forms of an import: choosing a document, and one form for each part of the review."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField
from wtforms import Form as PlainForm
from wtforms.meta import DefaultMeta
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from taskboard.domain.imports import (
    FIELDS_IN_DOUBT,
    NAME_LENGTH,
    TITLE_LENGTH,
    UNIT_LENGTH,
    DeadlineChoice,
    Decisions,
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
from taskboard.domain.plan_parsing.reading import Comparison, Recurrence, Target
from taskboard.domain.report_rhythms import PlanRhythm, is_day_of
from taskboard.labels.imports import COMMON_DEADLINES, DEADLINE_CHOICES, NAME_CHOICES, RECURRENCE_CHOICES
from taskboard.labels.targets import PLAN_RHYTHMS, figure_words, target_words
from taskboard.labels.times import day_words
from taskboard.services.import_review import Review, ReviewRow, UnknownName
from taskboard.web.forms import (
    DayField,
    Form,
    IdField,
    LineField,
    MaxLength,
    TextField,
    VersionedForm,
    choices,
    clean_line,
)

Change = Callable[[Entry], Entry]
"""what an act does to a measure"""

PLAIN_CHANGES: Mapping[str, Change] = {
    "bulk-look": lambda entry: replace(entry, looked_at=FIELDS_IN_DOUBT),
    "bulk-include": taken,
    "bulk-leave-out": lambda entry: replace(entry, is_included=False),
}
MOST_NAMES = 300
FIGURE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
YEAR = re.compile(r"(19|20)[0-9]{2}")
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


TARGET_COLUMNS = ("words", "quantity", "comparison", "value", "upper", "unit", "base_year")
MOST_TARGETS = 50


class TargetsField(Field):
    """The targets of a measure as rows of plain fields (``<name>_quantity``, …); a row without content is none.

    ``rows`` are the rows as they were typed, so that a wrong one comes back as it was.
    """

    rows: list[dict[str, str]]
    data: tuple[Target, ...]

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        self.data = tuple(self.data or ())
        self.rows = [target_row(one) for one in self.data]
        sent = {column: formdata.getlist(f"{self.name}_{column}") for column in TARGET_COLUMNS} if formdata else {}
        length = max(map(len, sent.values()), default=0)
        if not length:
            return
        rows = [
            {column: clean_line(values[place]) if place < len(values) else "" for column, values in sent.items()}
            for place in range(length)
        ]
        self.rows = [row for row in rows if any(row[column] for column in ("quantity", "value", "upper", "unit"))]
        try:
            self.data = tuple(read_target(number, row) for number, row in enumerate(self.rows, start=1))
        except ValueError as error:
            self.process_errors = [str(error)]
        if len(self.rows) > MOST_TARGETS:
            self.process_errors = [f"最多 {MOST_TARGETS} 个指标。"]


def target_row(target: Target) -> dict[str, str]:
    """The fields that show a target."""
    return {
        "words": target.words,
        "quantity": target.quantity,
        "comparison": target.comparison.value,
        "value": figure_words(target.value),
        "upper": figure_words(target.upper) if target.upper is not None else "",
        "unit": target.unit,
        "base_year": str(target.base_year or ""),
    }


def read_target(number: int, row: Mapping[str, str]) -> Target:
    """The target of a row that was typed; raises ``ValueError`` with what is wrong, in words for the person."""
    if not row["value"]:
        raise ValueError(f"第 {number} 个指标没有填目标值；不要这个指标时请清空整行。")
    if row["comparison"] not in set(Comparison):
        raise ValueError(f"第 {number} 个指标请选择比较方式。")
    if len(row["quantity"]) > NAME_LENGTH or len(row["unit"]) > UNIT_LENGTH:
        raise ValueError(f"第 {number} 个指标的名称最多 {NAME_LENGTH} 个字，单位最多 {UNIT_LENGTH} 个字。")
    year = row["base_year"]
    if year and not YEAR.fullmatch(year):
        raise ValueError(f"第 {number} 个指标的基期请填年份，如 2025。")
    target = Target(
        words=row["words"],
        quantity=row["quantity"],
        unit=row["unit"],
        comparison=Comparison(row["comparison"]),
        value=_figure(number, row["value"]),
        upper=_figure(number, row["upper"]) if row["upper"] else None,
        base_year=int(year) if year else None,
    )
    return target if target.words else replace(target, words=target_words(target))


def _figure(number: int, text: str) -> float:
    plain = text.replace(",", "").replace("，", "")
    if not FIGURE.fullmatch(plain):
        raise ValueError(f"第 {number} 个指标的目标值请填数字，如 95 或 1.2。")
    return float(plain)


class ReviewForm(VersionedForm):
    """What the review sends besides its parts."""

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


@dataclass(frozen=True)
class Parts:
    """The forms of a review: the plan's facts, each measure by its key, each unknown name by its key."""

    facts: FactsForm | None
    measures: Mapping[str, MeasureForm]
    names: Mapping[str, NameForm]

    def all_forms(self) -> list[Part]:
        facts = [self.facts] if self.facts else []
        return [*facts, *self.measures.values(), *self.names.values()]

    def validate(self) -> bool:
        """Whether every part is well formed; errors stand at the fields of those that are not."""
        # A list, so that every form is asked and not only those up to the first that is wrong.
        return not [form for form in self.all_forms() if not form.validate()]

    def decisions(self) -> Decisions:
        names = {key: form.decision() for key, form in self.names.items()}
        return Decisions(
            facts=self.facts.facts() if self.facts else None,
            entries={key: form.entry() for key, form in self.measures.items()},
            names={key: decision for key, decision in names.items() if decision is not None},
        )


class Sent:
    """A sent form, its fields told apart by the part they belong to."""

    def __init__(self, fields: MultiDict[str, str] | None = None) -> None:
        self.parts: dict[str, MultiDict[str, str]] = {}
        for name, value in (fields or MultiDict[str, str]()).items(multi=True):
            prefix, dash, _ = name.rpartition("-")
            self.parts.setdefault(prefix + dash, MultiDict()).add(name, value)

    def part(self, prefix: str) -> MultiDict[str, str] | None:
        """The fields of one part; None where the form came without it, so that the part stands as it was."""
        return self.parts.get(prefix)


def bind_unchanged(review: Review) -> Parts:
    """The forms of a page that nobody sent; a measure shows its entry and needs none, which would take seconds."""
    return Parts(bind_facts(review, Sent()), {}, {one.key: bind_name(one, Sent()) for one in review.unknown})


def bind_saved(review: Review, keys: Collection[str]) -> Parts:
    """The forms filled in from the review alone, those of measures only for these keys."""
    sent = Sent()
    return Parts(
        facts=bind_facts(review, sent),
        measures={key: bind_measure(one, review, sent) for key, one in review.rows_by_key(keys)},
        names={unknown.key: bind_name(unknown, sent) for unknown in review.unknown},
    )


def bind(review: Review, fields: MultiDict[str, str]) -> Parts:
    """The forms filled in from the review, with what was sent laid over it; of measures only those that were sent."""
    sent = Sent(fields)
    return Parts(
        facts=bind_facts(review, sent),
        measures={one.row.key: bind_measure(one, review, sent) for one in review.rows if sent.part(f"{one.row.key}-")},
        names={unknown.key: bind_name(unknown, sent) for unknown in review.unknown},
    )


def bind_facts(review: Review, sent: Sent) -> FactsForm:
    return FactsForm(sent.part("plan-"), obj=review.facts, prefix="plan-")


def bind_measure(one: ReviewRow, review: Review, sent: Sent) -> MeasureForm:
    prefix = f"{one.row.key}-"
    form = MeasureForm(sent.part(prefix), obj=one.row.entry, prefix=prefix)
    form.offer_deadlines(one, review.facts)
    return form


def bind_name(unknown: UnknownName, sent: Sent) -> NameForm:
    prefix = name_prefix(unknown.key)
    form = NameForm(sent.part(prefix), data=_shown(unknown), prefix=prefix)
    form.offer_choices(unknown)
    return form


def _shown(unknown: UnknownName) -> dict[str, str]:
    decision = unknown.effective
    if decision is None:
        return {}
    if decision.same_as in {one.name for one in unknown.suggestions}:
        return {"choice": f"{SUGGESTED}{decision.same_as}"}
    return {"choice": decision.choice.value, "same_as": decision.same_as}


def name_prefix(key: str) -> str:
    return f"name-{key}-"


def sent_parts(review: Review, fields: MultiDict[str, str]) -> Parts:
    """Only the forms of the parts that were sent."""
    sent = Sent(fields)
    return Parts(
        facts=bind_facts(review, sent) if sent.part("plan-") else None,
        measures={one.row.key: bind_measure(one, review, sent) for one in review.rows if sent.part(f"{one.row.key}-")},
        names={one.key: bind_name(one, sent) for one in review.unknown if sent.part(name_prefix(one.key))},
    )

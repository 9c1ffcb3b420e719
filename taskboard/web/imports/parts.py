"""The parts of a review that travel together: filled in from what is kept, with what was sent laid over it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from taskboard.domain.imports import (
    Decisions,
)
from taskboard.services.import_review import Review, ReviewRow, UnknownName
from taskboard.web.imports.forms import SUGGESTED, FactsForm, MeasureForm, NameForm, Part


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


def complete(review: Review, parts: Parts) -> Parts:
    """What was sent, with the forms of facts and names that stand as they were: a page shows those of all of them."""
    unchanged = bind_unchanged(review)
    return Parts(parts.facts or unchanged.facts, parts.measures, {**unchanged.names, **parts.names})


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

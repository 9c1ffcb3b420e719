"""Instructions: who writes them, who owes a reply, what becomes of it, and who reads what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound, NotNow, Stale
from taskboard.domain.history import Change
from taskboard.domain.instructions import Addressee, DutyState, ReplyResult
from taskboard.domain.permissions import Actor, Portfolio
from taskboard.domain.workflow import TaskState
from taskboard.models import HistoryEntry, Instruction, InstructionDuty, OutboxMessage, Task
from taskboard.services import instruction_views, instructions
from taskboard.services.instruction_views import InstructionView
from taskboard.services.instructions import Wish
from tests.support import factories
from tests.support.factories import NOW, Usual

TODAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)
BOTH = frozenset(Addressee)
WISH = Wish("请说明为何进展缓慢。", FRIDAY, BOTH)


class Office:
    """A task at work with a lead and a partner, and a leader over them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual: Usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.task = self.make_task()

    def make_task(self, state: TaskState = TaskState.IN_PROGRESS) -> Task:
        usual = self.usual
        return factories.make_task(
            self.session, plan=self.plan, lead=usual.lead, partners=(usual.partner,), state=state
        )

    def by(self, who: str | Actor, **more: Any) -> dict[str, Any]:
        actor = self.usual.actor(who) if isinstance(who, str) else who
        return {"actor": actor, "now": NOW, "entrance": "test", **more}

    def give(self, wish: Wish = WISH, who: str | Actor = "liu", **more: Any) -> HistoryEntry:
        return instructions.instruct_on_task(self.session, self.task.id, wish, **self.by(who, **more))

    def duty(self, addressee: Addressee = Addressee.LEADS) -> InstructionDuty:
        query = select(InstructionDuty).where(InstructionDuty.addressee == addressee)
        return self.session.scalars(query.order_by(InstructionDuty.id.desc())).first() or pytest.fail("none")

    def reply(self, who: str = "gao", text: str = "已约谈承办处室。", **more: Any) -> HistoryEntry:
        return instructions.reply(self.session, self.duty().id, text=text, **self.by(who, **more))

    def seen_by(self, who: str | Actor, today: date = TODAY) -> list[InstructionView]:
        actor = self.usual.actor(who) if isinstance(who, str) else who
        return instruction_views.list_instructions(self.session, actor, today=today).rows

    def mails(self) -> list[tuple[str, str]]:
        query = select(OutboxMessage.template, OutboxMessage.to_address)
        return sorted((row[0], row[1].partition("@")[0]) for row in self.session.execute(query))


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_each_addressee_owes_a_reply_of_its_own_and_is_told(office: Office) -> None:
    entry = office.give()

    owed = office.session.execute(select(InstructionDuty.addressee, InstructionDuty.department_id)).all()
    assert set(map(tuple, owed)) == {
        (Addressee.SUPERVISORS, office.usual.body.id),
        (Addressee.LEADS, office.usual.lead.id),
    }
    assert office.mails() == [("instruction_given", who) for who in ("chen", "gao", "li")]
    assert (entry.act, entry.task_id, entry.reason) == (Change.INSTRUCTED, office.task.id, WISH.text)


@pytest.mark.parametrize("who", ["chen", "gao", "li", "wang"])
def test_nobody_but_a_leader_writes_one(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        office.give(who=who)


def test_a_leader_writes_about_what_the_portfolio_holds_only(office: Office) -> None:
    liu = office.usual.actor("liu")
    elsewhere = Actor(liu.person_id, liu.name, liu.posts, Portfolio(paths=(office.usual.other.path,)))
    of_plan = Actor(liu.person_id, liu.name, liu.posts, Portfolio(plan_ids=frozenset({office.plan.id})))

    with pytest.raises(NotFound):
        office.give(who=elsewhere)
    assert office.give(who=of_plan).act is Change.INSTRUCTED


@pytest.mark.parametrize(
    ("wish", "field", "problem"),
    [
        (Wish("  ", FRIDAY, BOTH), "text", "required"),
        (Wish("请核", TODAY - timedelta(days=1), BOTH), "reply_due_on", "before_today"),
        (Wish("请核", TODAY + timedelta(days=367), BOTH), "reply_due_on", "reply_too_late"),
        (Wish("请核", FRIDAY, frozenset()), "to", "instruction_to_nobody"),
    ],
)
def test_an_instruction_needs_words_a_day_and_somebody_to_reply(
    office: Office, wish: Wish, field: str, problem: str
) -> None:
    with pytest.raises(Invalid) as refused:
        office.give(wish)

    assert (refused.value.field, refused.value.problem) == (field, problem)
    assert office.session.scalar(select(func.count()).select_from(Instruction)) == 0


def test_an_ended_task_is_instructed_about_no_more(office: Office) -> None:
    office.task = office.make_task(TaskState.CLOSED)

    with pytest.raises(NotAllowed):
        office.give()


def test_a_form_sent_twice_gives_one_instruction_and_one_reply(office: Office) -> None:
    assert office.give(request_key="one").id == office.give(request_key="one").id
    assert office.reply(request_key="two").id == office.reply(request_key="two").id

    assert office.session.scalar(select(func.count()).select_from(Instruction)) == 1


def test_a_reply_is_given_and_accepted(office: Office) -> None:
    office.give()
    office.reply()
    assert office.duty().state is DutyState.REPLIED
    assert ("instruction_replied", "liu") in office.mails()

    instructions.accept_reply(office.session, office.duty().id, **office.by("liu", version=office.duty().version))

    assert office.duty().state is DutyState.ACCEPTED
    (seen,) = office.seen_by("liu")
    lead = next(one for one in seen.duties if one.addressee is Addressee.LEADS)
    assert [(one.text, one.result, one.decided_by) for one in lead.replies] == [
        ("已约谈承办处室。", ReplyResult.ACCEPTED, "刘领导")
    ]
    acts = list(office.session.scalars(select(HistoryEntry.act).order_by(HistoryEntry.id)))
    assert acts == [Change.INSTRUCTED, Change.INSTRUCTION_REPLIED, Change.INSTRUCTION_ACCEPTED]


def test_a_reply_that_is_returned_is_owed_again_by_another_day_and_both_stay(office: Office) -> None:
    office.give()
    office.reply()
    later = date(2026, 12, 4)

    instructions.return_reply(
        office.session, office.duty().id, reason="没有说明原因", reply_due_on=later, **office.by("liu")
    )
    assert (office.duty().state, office.duty().due_on) == (DutyState.RETURNED, later)
    office.reply("li", "因供应商更换。")

    lead = next(one for one in office.seen_by("liu")[0].duties if one.addressee is Addressee.LEADS)
    assert [one.text for one in lead.replies] == ["因供应商更换。", "已约谈承办处室。"]
    assert lead.replies[1].reason == "没有说明原因"


def test_a_return_needs_a_reason_and_a_day_to_come(office: Office) -> None:
    office.give()
    office.reply()

    for reason, day, field in (("", FRIDAY, "reason"), ("不清楚", TODAY - timedelta(days=1), "reply_due_on")):
        with pytest.raises(Invalid) as refused:
            instructions.return_reply(
                office.session, office.duty().id, reason=reason, reply_due_on=day, **office.by("liu")
            )
        assert refused.value.field == field
    assert office.duty().state is DutyState.REPLIED


def test_nobody_decides_what_was_not_replied_nor_on_what_changed(office: Office) -> None:
    office.give()
    with pytest.raises(NotNow):
        instructions.accept_reply(office.session, office.duty().id, **office.by("liu"))
    old = office.duty().version
    office.reply()

    with pytest.raises(Stale):
        instructions.accept_reply(office.session, office.duty().id, **office.by("liu", version=old))
    with pytest.raises(NotNow):
        office.reply(text="又一次")


@pytest.mark.parametrize(("who", "refusal"), [("wang", NotAllowed), ("chen", NotAllowed), ("zhao", NotFound)])
def test_a_department_replies_for_itself(office: Office, who: str, refusal: type[Exception]) -> None:
    office.give()

    with pytest.raises(refusal):
        office.reply(who)


def test_only_the_author_decides_until_they_lead_no_more(office: Office) -> None:
    office.give()
    office.reply()
    for who in ("chen", "gao"):
        with pytest.raises(NotAllowed):
            instructions.accept_reply(office.session, office.duty().id, **office.by(who))

    office.usual.liu.is_active = False
    office.session.flush()

    instructions.accept_reply(office.session, office.duty().id, **office.by("chen"))
    assert office.duty().state is DutyState.ACCEPTED


def test_a_reply_is_late_from_the_day_after_and_no_more_once_it_is_given(office: Office) -> None:
    office.give()

    assert [one.days_late for one in office.seen_by("liu", FRIDAY)[0].duties] == [0, 0]
    assert [one.days_late for one in office.seen_by("liu", FRIDAY + timedelta(days=3))[0].duties] == [3, 3]
    office.reply()
    late = {one.addressee: one.days_late for one in office.seen_by("liu", FRIDAY + timedelta(days=3))[0].duties}
    assert late == {Addressee.SUPERVISORS: 3, Addressee.LEADS: 0}


def test_whoever_sees_the_task_reads_it_and_nobody_else_does(office: Office) -> None:
    office.give()

    for who in ("liu", "chen", "gao", "li", "wang"):
        assert [one.text for one in office.seen_by(who)] == [WISH.text], who
    assert office.seen_by("zhao") == []
    assert office.seen_by("sun") == []


def test_a_plan_is_instructed_about_and_each_department_sees_its_own_reply_only(office: Office) -> None:
    usual = office.usual
    factories.make_task(office.session, plan=office.plan, lead=usual.other, due_on=FRIDAY)

    entry = instructions.instruct_on_plan(office.session, office.plan.id, WISH, **office.by("liu"))

    assert (entry.task_id, entry.subject_id) == (None, office.plan.id)
    assert {one.department for one in office.seen_by("chen")[0].duties} == {
        "云泽市人民政府",
        "市发展改革委",
        "市教育局",
    }
    assert [one.department for one in office.seen_by("zhao")[0].duties] == ["市教育局"]
    assert [one.department for one in office.seen_by("li")[0].duties] == ["市发展改革委"]
    assert office.seen_by("wang") == []
    with pytest.raises(NotAllowed):
        instructions.instruct_on_plan(office.session, office.plan.id, WISH, **office.by("chen"))


def test_the_list_leaves_out_what_is_settled(office: Office) -> None:
    office.give(Wish("请核实。", FRIDAY, frozenset({Addressee.LEADS})))
    liu = office.usual.actor("liu")
    page = instruction_views.list_instructions(office.session, liu, today=TODAY, is_unsettled=True)
    assert page.total == 1
    office.reply()
    instructions.accept_reply(office.session, office.duty().id, **office.by("liu"))

    assert instruction_views.list_instructions(office.session, liu, today=TODAY, is_unsettled=True).total == 0
    assert instruction_views.list_instructions(office.session, liu, today=TODAY).total == 1


# Taking one back


def test_an_instruction_is_withdrawn_with_a_reason_and_nobody_owes_a_reply_any_more(office: Office) -> None:
    office.give()
    office.reply()

    entry = instructions.withdraw_instruction(
        office.session, office.duty().instruction_id, reason="已当面汇报", **office.by("liu")
    )

    assert (entry.act, entry.reason, entry.task_id) == (Change.INSTRUCTION_WITHDRAWN, "已当面汇报", office.task.id)
    assert {office.duty(one).state for one in Addressee} == {DutyState.WITHDRAWN}
    shown = office.seen_by("liu")[0]
    assert (shown.withdrawn_by, shown.withdrawal_reason, shown.may_withdraw) == ("刘领导", "已当面汇报", False)
    assert [one.replies[0].text for one in shown.duties if one.replies] == ["已约谈承办处室。"]
    assert not any(one.may_reply or one.may_decide for one in shown.duties)
    told = {who for template, who in office.mails() if template == "instruction_withdrawn"}
    assert told == {"chen", "gao", "li"}
    page = instruction_views.list_instructions(
        office.session, office.usual.actor("liu"), today=TODAY, is_unsettled=True
    )
    assert page.total == 0
    with pytest.raises(NotNow):
        office.reply()


def test_what_was_accepted_stays_accepted_when_the_instruction_is_withdrawn(office: Office) -> None:
    office.give()
    office.reply()
    instructions.accept_reply(office.session, office.duty().id, **office.by("liu"))

    instructions.withdraw_instruction(
        office.session, office.duty().instruction_id, reason="不再需要", **office.by("liu")
    )

    assert office.duty(Addressee.LEADS).state is DutyState.ACCEPTED
    assert office.duty(Addressee.SUPERVISORS).state is DutyState.WITHDRAWN
    assert {who for template, who in office.mails() if template == "instruction_withdrawn"} == {"chen"}


def test_an_instruction_that_everybody_replied_to_is_decided_on_and_not_withdrawn(office: Office) -> None:
    office.give(Wish("请核实。", FRIDAY, frozenset({Addressee.LEADS})))
    office.reply()

    assert not office.seen_by("liu")[0].may_withdraw
    with pytest.raises(NotNow):
        instructions.withdraw_instruction(
            office.session, office.duty().instruction_id, reason="算了", **office.by("liu")
        )


@pytest.mark.parametrize("who", ["chen", "gao", "li", "wang"])
def test_nobody_but_its_author_withdraws_an_instruction(office: Office, who: str) -> None:
    office.give()

    with pytest.raises(NotAllowed):
        instructions.withdraw_instruction(office.session, office.duty().instruction_id, reason="算了", **office.by(who))


def test_withdrawing_needs_a_reason_and_acts_once(office: Office) -> None:
    office.give()
    instruction_id = office.duty().instruction_id
    with pytest.raises(Invalid):
        instructions.withdraw_instruction(office.session, instruction_id, reason=" ", **office.by("liu"))

    by = office.by("liu", request_key="once")
    first = instructions.withdraw_instruction(office.session, instruction_id, reason="算了", **by)
    assert instructions.withdraw_instruction(office.session, instruction_id, reason="算了", **by).id == first.id

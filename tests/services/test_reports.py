"""Reports by period: which one stands, what counts as progress, and since when periods are owed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid
from taskboard.domain.periods import Rhythm
from taskboard.domain.report_rhythms import PlanRhythm
from taskboard.models import Assignment, PeriodReport, ProgressReport
from taskboard.services import assignment_acts, periods, reports, task_acts
from taskboard.services.calendar import load_calendar
from taskboard.services.cases import Acting
from tests.support import factories
from tests.support.factories import NOW
from tests.support.queries import counted_queries

TODAY = date(2026, 11, 23)


class Office:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.usual = factories.usual_people(session)
        self.plan = factories.make_plan(session, body=self.usual.body, imported_by=self.usual.chen)
        self.plan.report_rhythm = PlanRhythm.MONTHLY
        self.task = factories.make_task(
            session, plan=self.plan, lead=self.usual.lead, partners=(self.usual.partner,), due_on=date(2027, 6, 30)
        )

    @property
    def lead(self) -> Assignment:
        self.session.expire_all()
        query = select(Assignment).where(
            Assignment.task_id == self.task.id, Assignment.department_id == self.usual.lead.id
        )
        return self.session.scalars(query).one()

    def by(self, who: str = "li", *, days: int = 0) -> Acting:
        return {"actor": self.usual.actor(who), "now": NOW + timedelta(days=days), "entrance": "test"}

    def overview(self) -> periods.PeriodOverview:
        calendar = load_calendar(self.session)
        return periods.get_overview(
            self.session, self.plan.id, self.usual.actor("chen"), today=TODAY, calendar=calendar
        )


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_the_last_report_of_a_period_stands_and_the_earlier_ones_stay(office: Office) -> None:
    for number, days in ((1, 0), (2, 3), (3, 12)):
        reports.report_progress(office.session, office.lead.id, done=f"第{number}步", **office.by(days=days))

    standing = office.session.execute(
        select(PeriodReport.period, PeriodReport.due_on, ProgressReport.done)
        .join(ProgressReport, ProgressReport.id == PeriodReport.report_id)
        .order_by(PeriodReport.period)
    ).all()
    assert [tuple(row) for row in standing] == [
        ("2026-11", date(2026, 11, 25), "第2步"),
        ("2026-12", date(2026, 12, 25), "第3步"),
    ]
    assert len(office.session.scalars(select(ProgressReport)).all()) == 3
    assert office.lead.reported_until == date(2026, 12, 31)


def test_a_percent_lower_than_the_last_one_asks_why_and_keeps_the_answer(office: Office) -> None:
    reports.report_progress(office.session, office.lead.id, done="清理收费12项", percent=60, **office.by())

    with pytest.raises(Invalid) as refused:
        reports.report_progress(office.session, office.lead.id, done="核减2项", percent=50, **office.by(days=1))
    assert (refused.value.field, refused.value.problem) == ("percent", "percent_falls")
    reports.report_progress(
        office.session, office.lead.id, done="核减2项", percent=50, why_lower="口径调整", **office.by(days=1)
    )
    reports.report_progress(
        office.session, office.lead.id, done="又清理3项", percent=65, why_lower="没有下降", **office.by(days=2)
    )

    kept = office.session.execute(select(ProgressReport.percent, ProgressReport.why_lower).order_by(ProgressReport.id))
    assert [tuple(row) for row in kept] == [(60, ""), (50, "口径调整"), (65, "")]


def test_no_change_after_a_report_of_the_period_leaves_it_standing(office: Office) -> None:
    reports.report_progress(office.session, office.lead.id, done="清理收费12项", percent=60, **office.by())

    reports.report_no_change(office.session, office.lead.id, **office.by(days=1))

    query = select(ProgressReport.done).join(PeriodReport, PeriodReport.report_id == ProgressReport.id)
    assert office.session.scalars(query).all() == ["清理收费12项"]


def test_the_database_keeps_one_report_per_assignment_and_period(office: Office) -> None:
    reports.report_no_change(office.session, office.lead.id, **office.by())
    first = office.session.scalars(select(PeriodReport)).one()
    office.session.add(
        PeriodReport(
            assignment_id=first.assignment_id,
            period=first.period,
            due_on=first.due_on,
            first_reported_at=NOW,
            report_id=first.report_id,
        )
    )

    with pytest.raises(IntegrityError):
        office.session.flush()


def test_a_report_late_in_the_evening_belongs_to_the_day_in_shanghai(office: Office) -> None:
    by: Acting = {**office.by(), "now": datetime(2026, 11, 30, 16, 30, tzinfo=UTC)}

    reports.report_no_change(office.session, office.lead.id, **by)

    assert office.session.scalars(select(ProgressReport.period)).all() == ["2026-12"]


def test_without_a_rhythm_reports_have_no_period(office: Office) -> None:
    office.plan.report_rhythm = PlanRhythm.NONE
    office.session.flush()

    reports.report_progress(office.session, office.lead.id, done="完成", **office.by())

    assert office.session.scalars(select(ProgressReport.period)).all() == [None]
    assert office.session.scalars(select(PeriodReport)).all() == []


def test_a_cosmetic_edit_is_no_progress(office: Office) -> None:
    reports.report_progress(office.session, office.lead.id, done="完成选址，开始招标。", percent=30, **office.by())

    entry = reports.report_progress(office.session, office.lead.id, done="完成选址 开始招标", **office.by(days=1))
    other = reports.report_progress(
        office.session, office.lead.id, done="完成选址 开始招标", percent=35, **office.by(days=2)
    )

    assert reports.said_the_same(entry) and not reports.said_the_same(other)
    rows = office.session.execute(
        select(ProgressReport.is_unchanged, ProgressReport.percent).order_by(ProgressReport.id)
    )
    assert [tuple(row) for row in rows] == [(False, 30), (True, None), (False, 35)]


def test_a_figure_of_another_tasks_target_is_refused(office: Office) -> None:
    with pytest.raises(Invalid):
        reports.report_progress(office.session, office.lead.id, done="完成", figures={999: 1.0}, **office.by())


def test_periods_of_a_suspension_are_not_held_against_anybody(office: Office) -> None:
    chen = office.by("chen")
    task_acts.suspend(office.session, office.task.id, reason="政策调整", review_on=TODAY + timedelta(days=60), **chen)
    assert office.lead.owing_since is None

    task_acts.resume(office.session, office.task.id, **office.by("chen", days=45))

    assert office.lead.owing_since == NOW + timedelta(days=45)
    owed = periods.owed_report(
        Rhythm(PlanRhythm.MONTHLY),
        office.lead.role,
        office.lead.owing_since,
        None,
        today=TODAY + timedelta(days=46),
        calendar=load_calendar(office.session),
    )
    assert owed is not None and owed.period.key == "2027-01"


def test_who_withdraws_a_submission_owes_what_was_owed_before(office: Office) -> None:
    assignment_acts.submit(office.session, office.lead.id, why_without_partners="先行报送", **office.by())
    assignment_acts.withdraw(office.session, office.lead.id, **office.by(days=1))

    assert office.lead.owing_since is None


def test_the_overview_counts_who_reported_in_as_many_queries_however_many_tasks_there_are(office: Office) -> None:
    reports.report_no_change(office.session, office.lead.id, **office.by())
    counted = []
    for more in (0, 60):
        for _ in range(more):
            factories.make_task(office.session, plan=office.plan, lead=office.usual.lead)
        office.session.flush()
        office.overview()
        with counted_queries(office.session.get_bind()) as statements:  # type: ignore[arg-type]
            found = office.overview()
        counted.append(len(statements))
        assert found.reported == 1

    assert (found.owed, found.departments[0].missing) == (62, 60)
    assert counted[0] == counted[1] <= 8

"""Random histories through the real services: the rules of the domain hold after every act, whoever did what when."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from taskboard.domain.workflow import Act
from tests.support.histories import NOT_TRIED, Driver

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_rules_hold_through_sixty_random_histories(session: Session) -> None:
    driver = Driver(session, seed=11)

    driver.run(60)

    assert set(driver.done) == set(Act) - NOT_TRIED
    assert {"Invalid", "NotAllowed", "NotFound", "NotNow", "Stale"} <= set(driver.refusals)


@pytest.mark.deep
def test_the_rules_hold_through_two_thousand_random_histories(session: Session) -> None:
    driver = Driver(session, seed=2026)

    driver.run(2_000)

    assert set(driver.done) == set(Act) - NOT_TRIED

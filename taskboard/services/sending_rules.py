"""How many mails may leave, and in which hours notices do: kept in the browser; what is not kept has its default.

The defaults of the rates come from the environment, those of the hours are :data:`USUAL_HOURS`. Both are read anew for
each round of sending and for each notice, so that a change holds at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid
from taskboard.domain.history import Change, Subject
from taskboard.domain.office_hours import USUAL_HOURS, OfficeHours, check_hours
from taskboard.domain.roles import Role
from taskboard.models import Setting
from taskboard.services.actors import require_role
from taskboard.services.history import Writing, record_change
from taskboard.services.setting_versions import check_version, hold_settings, version_of

PER_MINUTE = "mails_per_minute"
PER_HOUR = "mails_per_hour"
OPENS = "office_opens"
CLOSES = "office_closes"
NAMES = (PER_MINUTE, PER_HOUR, OPENS, CLOSES)
MOST_PER_MINUTE = 10_000
MOST_PER_HOUR = 500_000


@dataclass(frozen=True)
class SendingRules:
    """What somebody filled in, or what is kept. None leaves it to the default; 0 mails is no limit."""

    per_minute: int | None = None
    per_hour: int | None = None
    opens: time | None = None
    closes: time | None = None

    @property
    def hours(self) -> OfficeHours:
        return OfficeHours(self.opens or USUAL_HOURS.opens, self.closes or USUAL_HOURS.closes)


def kept_rules(session: Session) -> SendingRules:
    """What is kept; one query."""
    rows: dict[str, str] = dict(
        session.execute(select(Setting.name, Setting.value).where(Setting.name.in_(NAMES))).all()
    )
    return SendingRules(
        per_minute=int(rows[PER_MINUTE]) if PER_MINUTE in rows else None,
        per_hour=int(rows[PER_HOUR]) if PER_HOUR in rows else None,
        opens=time.fromisoformat(rows[OPENS]) if OPENS in rows else None,
        closes=time.fromisoformat(rows[CLOSES]) if CLOSES in rows else None,
    )


def version_of_rules(rules: SendingRules) -> int:
    """What the form carries that shows them."""
    return version_of({name: str(value) for name, value in _plain(rules).items()})


def office_hours(session: Session) -> OfficeHours:
    """The hours in which notices leave, as they hold now."""
    return kept_rules(session).hours


def check_rules(rules: SendingRules, *, usual_per_minute: int, usual_per_hour: int) -> None:
    """Raises :class:`Invalid` for a rate or hours out of bounds, and for a rate that could never be reached."""
    for field, value, most in (
        ("per_minute", rules.per_minute, MOST_PER_MINUTE),
        ("per_hour", rules.per_hour, MOST_PER_HOUR),
    ):
        if value is not None and not 0 <= value <= most:
            raise Invalid(field, "rate_bounds", most=most)
    minute = usual_per_minute if rules.per_minute is None else rules.per_minute
    hour = usual_per_hour if rules.per_hour is None else rules.per_hour
    if minute and hour and hour < minute:
        raise Invalid("per_hour", "rate_order", per_minute=minute)
    check_hours(rules.hours)


def change_rules(
    session: Session,
    rules: SendingRules,
    *,
    version: int,
    usual_per_minute: int,
    usual_per_hour: int,
    **by: Unpack[Writing],
) -> bool:
    """Keep what an administrator filled in, on record; whether anything is new.

    Raises as :func:`check_rules`, and :class:`Stale` where others were saved since ``version``.
    """
    require_role(by["actor"], Role.ADMINISTRATOR)
    check_rules(rules, usual_per_minute=usual_per_minute, usual_per_hour=usual_per_hour)
    hold_settings(session)
    kept = kept_rules(session)
    before, after = _plain(kept), _plain(rules)
    if before == after:
        return False
    check_version(version, version_of_rules(kept))
    for name in NAMES:
        row = session.get(Setting, name)
        if name not in after:
            if row is not None:
                session.delete(row)
        elif row is None:
            session.add(Setting(name=name, value=str(after[name])))
        else:
            row.value = str(after[name])
    session.flush()
    record_change(
        session, subject=Subject.SETTING, subject_id=None, act=Change.CHANGED, before=before, after=after, **by
    )
    return True


def _plain(rules: SendingRules) -> dict[str, Any]:
    values = {
        PER_MINUTE: rules.per_minute,
        PER_HOUR: rules.per_hour,
        OPENS: rules.opens.isoformat("minutes") if rules.opens else None,
        CLOSES: rules.closes.isoformat("minutes") if rules.closes else None,
    }
    return {name: value for name, value in values.items() if value is not None}

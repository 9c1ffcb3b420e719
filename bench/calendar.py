"""``python -m bench.calendar``: what a question about working days costs, beside the aim of 5 µs.

Each question is asked for every day of four years, with the calendar that the product seeds. The floor is a function
that only makes a date of a number. Processor time, the best of several rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta

from taskboard.services.calendar import package_calendar

AIM_MICROSECONDS = 5.0
ROUNDS = 20
FIRST = date(2025, 1, 1)


def main() -> int:
    calendar = package_calendar()
    days = [FIRST + timedelta(days=n) for n in range(4 * 365)]
    questions: dict[str, Callable[[date], object]] = {
        "floor: date.fromordinal": lambda day: date.fromordinal(day.toordinal()),
        "is_working_day": calendar.is_working_day,
        "add 10": lambda day: calendar.add(day, 10),
        "add -3": lambda day: calendar.add(day, -3),
        "between": lambda day: calendar.between(FIRST, day),
        "on_or_before": calendar.on_or_before,
        "is_estimated": calendar.is_estimated,
    }
    worst = 0.0
    for words, ask in questions.items():
        cost = _microseconds(ask, days)
        worst = max(worst, cost)
        print(f"{words:<26} {cost:6.2f} µs")
    print(f"worst {worst:.2f} µs, aim {AIM_MICROSECONDS} µs: {'ok' if worst < AIM_MICROSECONDS else 'MISSED'}")
    return 0 if worst < AIM_MICROSECONDS else 1


def _microseconds(ask: Callable[[date], object], days: list[date]) -> float:
    ask(FIRST)  # what is made once is not counted
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for day in days:
            ask(day)
        best = min(best, time.process_time() - begun)
    return best / len(days) * 1_000_000


if __name__ == "__main__":
    raise SystemExit(main())

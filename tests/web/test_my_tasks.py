"""The list of somebody's own tasks."""

from __future__ import annotations

from datetime import timedelta

from tests.support.desk import TODAY, Desk


def test_a_liaison_finds_the_tasks_of_the_department(desk: Desk) -> None:
    task = desk.task(due_on=TODAY - timedelta(days=2))

    page = desk.as_("li").get("/my-tasks")

    assert page.status_code == 200
    assert task.title in page.text
    assert "逾期 2 天" in page.text


def test_a_filter_narrows_the_list_down_and_nonsense_shows_all(desk: Desk) -> None:
    late, other = desk.task(due_on=TODAY - timedelta(days=2)), desk.task()

    narrowed = desk.as_("li").get("/my-tasks", show="overdue").text
    nonsense = desk.visitor.get("/my-tasks", show="x' OR 1=1", page="-3").text

    assert late.title in narrowed
    assert other.title not in narrowed
    assert other.title in nonsense


def test_who_only_supervises_is_led_to_what_is_to_be_decided(desk: Desk) -> None:
    waiting = desk.task("submitted", "submitted")
    running = desk.task()

    answer = desk.as_("chen").get("/my-tasks")
    page = desk.visitor.get(answer.location).text

    assert answer.location == "/waiting"
    assert waiting.title in page
    assert running.title not in page


def test_the_list_is_not_for_those_who_have_no_tasks(desk: Desk) -> None:
    assert desk.as_("sun").get("/my-tasks").status_code == 403


def test_somebody_with_nothing_to_do_is_told_so(desk: Desk) -> None:
    page = desk.as_("zhao").get("/my-tasks")

    assert page.status_code == 200
    assert "没有在办的任务" in page.text

"""What the trail keeps, and what never enters it."""

from __future__ import annotations

from datetime import date

import pytest

from taskboard.domain.history import HIDDEN, Change, Subject, fit_to_keep, is_secret, without_numbers
from taskboard.domain.workflow import Act


@pytest.mark.parametrize(
    "field",
    ["password", "new_password", "password_hash", "reset_token", "csrf_token", "mobile", "phone_number", "id_card"],
)
def test_passwords_tokens_and_personal_numbers_are_told_by_the_name_of_their_field(field: str) -> None:
    assert is_secret(field)


@pytest.mark.parametrize("field", ["name", "email", "state", "due_on", "sha256", "officer_id"])
def test_ordinary_fields_are_kept(field: str) -> None:
    assert not is_secret(field)


def test_a_secret_is_hidden_wherever_it_stands_and_a_missing_one_stays_missing() -> None:
    kept = fit_to_keep({"password": "Spring-2026", "mobile": None, "form": {"token": "abc"}, "rows": [{"salt": "x"}]})

    assert kept == {"password": HIDDEN, "mobile": None, "form": {"token": HIDDEN}, "rows": [{"salt": HIDDEN}]}


def test_personal_numbers_are_made_unreadable_in_running_text() -> None:
    text = "请联系13812345678，身份证33010619900307123X。"

    assert without_numbers(text) == "请联系138******78，身份证330*************3X。"


@pytest.mark.parametrize(
    "text", ["投资138123456780元", "编号91330106MA27XY1234", "2026年11月22日", "330106199913071234"]
)
def test_other_numbers_stay_as_they_are(text: str) -> None:
    assert without_numbers(text) == text


def test_values_are_kept_as_plain_json() -> None:
    kept = fit_to_keep({"state": Act.ISSUE, "due_on": date(2026, 12, 31), "ids": (1, 2)})

    assert kept["state"] == "issue"
    assert type(kept["state"]) is str
    assert (kept["due_on"], kept["ids"]) == ("2026-12-31", [1, 2])


def test_no_change_is_spelled_like_an_act_of_the_workflow() -> None:
    assert {one.value for one in Change}.isdisjoint(one.value for one in Act)


def test_every_word_fits_its_column() -> None:
    assert max(len(one) for kind in (Act, Change, Subject) for one in kind) <= 32

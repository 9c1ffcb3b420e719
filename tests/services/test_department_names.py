"""The names of departments: every way to write one, aliases, and names of former days."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from taskboard.domain.errors import NotAllowed, NotFound
from taskboard.services import department_names
from tests.support.departments import change, names
from tests.support.factories import Usual, make_department, writing_by
from tests.support.queries import counted_queries
from tests.support.refusals import problem


class TestMatching:
    def test_every_way_to_write_a_name_finds_its_department(self, session: Session, usual: Usual) -> None:
        found = department_names.match_names(session, ["市发改委", "市发展和改革委员会", "市 财 政 局"])

        assert {name: one and one.id for name, one in found.items()} == {
            "市发改委": usual.lead.id,
            "市发展和改革委员会": usual.lead.id,
            "市 财 政 局": usual.partner.id,
        }

    def test_an_alias_finds_it_too(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.lead.id, "市物价局")

        found = department_names.match_names(session, ["市物价局"])["市物价局"]

        assert found is not None
        assert found.id == usual.lead.id

    @pytest.mark.parametrize("name", ["省发改委", "市发改局", "发改委", "", "　", "市%局", "市财政"])
    def test_a_name_that_only_looks_alike_is_not_guessed(self, session: Session, usual: Usual, name: str) -> None:
        assert department_names.match_names(session, [name]) == {name: None}

    def test_hundreds_of_names_take_few_queries(self, session: Session, engine: Engine, usual: Usual) -> None:
        with counted_queries(engine) as queries:
            department_names.match_names(session, [f"市第{number}局" for number in range(900)])

        assert len(queries) == 2

    def test_suggestions_begin_with_the_likeliest(self, session: Session, usual: Usual) -> None:
        make_department(session, "市文化广电旅游局（市文物局）", parent=usual.body)

        assert department_names.suggest(session, "云泽市发展和改革委员会")[0][0].id == usual.lead.id
        assert department_names.suggest(session, "市发改局")[0][0].id == usual.lead.id
        assert [one.name for one, _ in department_names.suggest(session, "市文物局")] == [
            "市文化广电旅游局（市文物局）"
        ]

    @pytest.mark.parametrize("name", ["市气象局", "省发改委", "", "局"])
    def test_there_is_no_suggestion_where_nothing_is_like_it(self, session: Session, usual: Usual, name: str) -> None:
        assert department_names.suggest(session, name) == []

    def test_departments_out_of_use_are_not_suggested(self, session: Session, usual: Usual) -> None:
        usual.lead.is_active = False
        session.flush()

        assert department_names.suggest(session, "市发改局") == []


class TestAliases:
    def test_a_name_it_goes_by_already_is_no_second_alias(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.lead.id, "市发改委")

        assert names(session, usual.lead) == ["市发展改革委"]

    def test_an_administrator_gives_and_takes_one(self, session: Session, usual: Usual) -> None:
        sun = usual.actor("sun")
        department_names.give_alias(session, usual.lead.id, "市物价局", **writing_by(sun))
        alias = department_names.list_names(session, usual.lead.id)[1]

        department_names.remove_alias(session, usual.lead.id, alias.id, **writing_by(sun))

        assert names(session, usual.lead) == ["市发展改革委"]

    def test_taking_it_twice_is_no_error(self, session: Session, usual: Usual) -> None:
        department_names.remove_alias(session, usual.lead.id, 999, **writing_by(usual.actor("sun")))

        assert names(session, usual.lead) == ["市发展改革委"]

    def test_the_alias_of_another_department_is_not_taken(self, session: Session, usual: Usual) -> None:
        department_names.add_alias(session, usual.partner.id, "市国资办")
        alias = department_names.list_names(session, usual.partner.id)[1]

        with pytest.raises(NotFound):
            department_names.remove_alias(session, usual.lead.id, alias.id, **writing_by(usual.actor("sun")))

        assert names(session, usual.partner) == ["市财政局", "市国资办"]

    @pytest.mark.parametrize("name", ["市财政局", "市 财政局", "市发展和改革委员会"])
    def test_a_name_that_is_taken_is_refused(self, session: Session, usual: Usual, name: str) -> None:
        refused = problem(
            lambda: department_names.give_alias(session, usual.lead.id, name, **writing_by(usual.actor("sun")))
        )

        assert refused == ("alias", "department_name_taken")

    def test_the_official_name_stays(self, session: Session, usual: Usual) -> None:
        official = department_names.list_names(session, usual.lead.id)[0]

        refused = problem(
            lambda: department_names.remove_alias(session, usual.lead.id, official.id, **writing_by(usual.actor("sun")))
        )

        assert refused == ("alias", "official_name_stays")

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_gives_or_takes_one(self, session: Session, usual: Usual, person: str) -> None:
        official = department_names.list_names(session, usual.lead.id)[0]

        with pytest.raises(NotAllowed):
            department_names.give_alias(session, usual.lead.id, "市物价局", **writing_by(usual.actor(person)))
        with pytest.raises(NotAllowed):
            department_names.remove_alias(session, usual.lead.id, official.id, **writing_by(usual.actor(person)))


class TestOldNames:
    def rename(self, session: Session, usual: Usual, name: str, day: date | None) -> None:
        change(session, usual, usual.lead, name=name, renamed_on=day)

    def test_a_renaming_keeps_the_old_name_with_its_last_day(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市发展和改革局", date(2026, 10, 1))

        new, old = department_names.list_names(session, usual.lead.id)
        assert (new.name, new.is_official, new.valid_from) == ("市发展和改革局", True, date(2026, 10, 1))
        assert (old.name, old.is_official, old.valid_to) == ("市发展改革委", False, date(2026, 9, 30))

    def test_a_department_is_known_by_the_name_of_each_day(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市发展和改革局", date(2024, 5, 1))
        self.rename(session, usual, "市改革局", date(2026, 10, 1))

        days = [date(2024, 4, 30), date(2024, 5, 1), date(2026, 9, 30), date(2026, 10, 1)]
        called = [department_names.names_on(session, [usual.lead.id, usual.other.id], day) for day in days]

        assert [one[usual.lead.id] for one in called] == [
            "市发展改革委",
            "市发展和改革局",
            "市发展和改革局",
            "市改革局",
        ]
        assert {one[usual.other.id] for one in called} == {"市教育局"}

    def test_a_slip_that_is_corrected_is_no_old_name(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市发展与改革局", None)

        assert [one.valid_to for one in department_names.list_names(session, usual.lead.id)] == [None, None]

    def test_going_back_to_an_old_name_makes_it_official_again(self, session: Session, usual: Usual) -> None:
        self.rename(session, usual, "市改革局", date(2024, 5, 1))
        self.rename(session, usual, "市发展改革委", date(2026, 10, 1))

        new, old = department_names.list_names(session, usual.lead.id)
        assert (new.name, new.valid_from, new.valid_to) == ("市发展改革委", date(2026, 10, 1), None)
        assert (old.name, old.valid_from, old.valid_to) == ("市改革局", date(2024, 5, 1), date(2026, 9, 30))

    @pytest.mark.parametrize(
        ("day", "expected"), [(date(2026, 11, 24), "renamed_in_future"), (date(2024, 5, 1), "renamed_before_last")]
    )
    def test_a_day_that_cannot_be_is_refused(self, session: Session, usual: Usual, day: date, expected: str) -> None:
        self.rename(session, usual, "市改革局", date(2024, 5, 1))

        refused = problem(lambda: self.rename(session, usual, "市新局", day))

        assert refused == ("renamed_on", expected)

    def test_an_old_name_can_be_added_with_its_days(self, session: Session, usual: Usual) -> None:
        sun = writing_by(usual.actor("sun"))
        department_names.give_old_name(
            session, usual.lead.id, "市计委", valid_from=date(1990, 1, 1), valid_to=date(2003, 3, 9), **sun
        )

        assert department_names.names_on(session, [usual.lead.id], date(2000, 1, 1)) == {usual.lead.id: "市计委"}
        assert department_names.match_names(session, ["市计委"])["市计委"] is usual.lead

    @pytest.mark.parametrize(
        ("name", "days", "expected"),
        [
            ("市计委", (None, date(2026, 11, 24)), ("valid_to", "old_name_in_future")),
            ("市计委", (date(2003, 1, 1), date(2002, 1, 1)), ("valid_to", "old_name_ends_before_start")),
            ("市发展和改革委员会", (None, date(2003, 1, 1)), ("old_name", "old_name_is_official")),
            ("市财政局", (None, date(2003, 1, 1)), ("old_name", "department_name_taken")),
        ],
    )
    def test_an_old_name_that_cannot_be_is_refused(
        self, session: Session, usual: Usual, name: str, days: tuple[date | None, date], expected: tuple[str, str]
    ) -> None:
        sun = writing_by(usual.actor("sun"))
        first, last = days

        refused = problem(
            lambda: department_names.give_old_name(session, usual.lead.id, name, valid_from=first, valid_to=last, **sun)
        )

        assert refused == expected

"""Renamings in the database: seeded once, kept by administrators, and asked by whoever matches names."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from taskboard.domain.errors import Invalid, NotAllowed, NotFound, Stale
from taskboard.domain.known_renamings import known_renamings
from taskboard.models import DepartmentRenaming
from taskboard.services import renamings
from taskboard.services.renamings import RenamingValues
from tests.support.factories import Usual, writing_by

DAY = date(2026, 5, 1)


def values(**changed: object) -> RenamingValues:
    fields = {"old_names": "市政园林局 市政局", "new_names": "城市建设局", "from_on": DAY, "note": "机构改革"}
    return RenamingValues(**(fields | changed))  # type: ignore[arg-type]


def rows(session: Session, usual: Usual, words: str = "") -> list[DepartmentRenaming]:
    return renamings.list_renamings(session, actor=usual.actor("chen"), words=words, size=500).rows


class TestSeeding:
    def test_the_shipped_ones_are_put_in_once(self, session: Session, usual: Usual) -> None:
        assert renamings.seed_renamings(session) == len(list(known_renamings()))
        assert renamings.seed_renamings(session) == 0

    def test_what_an_administrator_changed_or_ended_stays(self, session: Session, usual: Usual) -> None:
        renamings.seed_renamings(session)
        first = rows(session, usual, "法制办")[0]
        renamings.change_renaming(
            session, first.id, values(is_active=False), version=first.version, **writing_by(usual.actor("sun"))
        )

        assert renamings.seed_renamings(session) == 0
        session.refresh(first)
        assert (first.old_names, first.is_active) == ("市政园林局、市政局", False)

    def test_every_shipped_one_could_be_entered_by_a_person(self, session: Session, usual: Usual) -> None:
        renamings.seed_renamings(session)

        for one in rows(session, usual):
            renamings.change_renaming(
                session,
                one.id,
                RenamingValues(one.old_names, one.new_names, one.from_on),
                version=one.version,
                **writing_by(usual.actor("sun")),
            )


class TestKeeping:
    def test_an_administrator_adds_one(self, session: Session, usual: Usual) -> None:
        added = renamings.add_renaming(session, values(), **writing_by(usual.actor("sun")))

        assert (added.old_names, added.new_names, added.is_active) == ("市政园林局、市政局", "城市建设局", True)
        assert added.shipped_as is None

    def test_the_place_is_marked_with_either_star(self, session: Session, usual: Usual) -> None:
        added = renamings.add_renaming(session, values(old_names="电业＊分局"), **writing_by(usual.actor("sun")))

        assert added.old_names == "电业*分局"

    @pytest.mark.parametrize(
        ("changed", "field", "problem"),
        [
            ({"old_names": " 、 "}, "old_names", "required"),
            ({"new_names": ""}, "new_names", "required"),
            ({"old_names": "市政局、*"}, "old_names", "renaming_name_unusable"),
            ({"old_names": "局"}, "old_names", "renaming_name_unusable"),
            ({"old_names": "甲*乙*丙"}, "old_names", "renaming_name_unusable"),
            ({"new_names": "建设局、市政园林局"}, "new_names", "renaming_to_itself"),
            ({"old_names": "发改委", "new_names": "发展和改革委员会"}, "new_names", "renaming_to_itself"),
            ({"new_names": "、".join(f"第{number}管理局" for number in range(100))}, "new_names", "too_long"),
        ],
    )
    def test_names_that_cannot_be_used_are_refused(
        self, session: Session, usual: Usual, changed: dict[str, str], field: str, problem: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            renamings.add_renaming(session, values(**changed), **writing_by(usual.actor("sun")))

        assert (refused.value.field, refused.value.problem) == (field, problem)

    def test_who_saved_in_between_is_not_overwritten(self, session: Session, usual: Usual) -> None:
        sun = usual.actor("sun")
        added = renamings.add_renaming(session, values(), **writing_by(sun))
        old = added.version
        renamings.change_renaming(session, added.id, values(note="已核对"), version=old, **writing_by(sun))

        with pytest.raises(Stale):
            renamings.change_renaming(session, added.id, values(note="另一个"), version=old, **writing_by(sun))
        assert added.note == "已核对"

    def test_one_that_does_not_exist_is_not_found(self, session: Session, usual: Usual) -> None:
        with pytest.raises(NotFound):
            renamings.change_renaming(session, 999, values(), version=1, **writing_by(usual.actor("sun")))

    @pytest.mark.parametrize("person", ["li", "gao", "chen", "liu"])
    def test_nobody_else_changes_one(self, session: Session, usual: Usual, person: str) -> None:
        added = renamings.add_renaming(session, values(), **writing_by(usual.actor("sun")))

        with pytest.raises(NotAllowed):
            renamings.add_renaming(session, values(), **writing_by(usual.actor(person)))
        with pytest.raises(NotAllowed):
            renamings.change_renaming(session, added.id, values(), version=1, **writing_by(usual.actor(person)))

    @pytest.mark.parametrize("person", ["li", "gao", "liu"])
    def test_the_list_is_for_those_who_read_the_directory(self, session: Session, usual: Usual, person: str) -> None:
        with pytest.raises(NotAllowed):
            renamings.list_renamings(session, actor=usual.actor(person))


class TestListing:
    def test_those_in_use_come_first_and_the_latest_of_them(self, session: Session, usual: Usual) -> None:
        sun = usual.actor("sun")
        for day, is_active in ((1, True), (2, False), (3, True)):
            renamings.add_renaming(session, values(from_on=date(2026, 1, day), is_active=is_active), **writing_by(sun))

        assert [one.from_on.day for one in rows(session, usual)] == [3, 1, 2]

    def test_words_are_looked_for_in_both_names_and_the_note(self, session: Session, usual: Usual) -> None:
        renamings.add_renaming(session, values(), **writing_by(usual.actor("sun")))

        assert [len(rows(session, usual, words)) for words in ("园林", "城市建设", "改革", "气象", "%")] == [
            1,
            1,
            1,
            0,
            0,
        ]

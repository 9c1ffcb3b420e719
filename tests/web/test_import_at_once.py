"""Two people who save the same import at the same moment, each through a web process of their own."""

from __future__ import annotations

import multiprocessing

from sqlalchemy import select

from taskboard.domain.roles import Role
from taskboard.models import ImportDraft
from tests.support import factories
from tests.support.importing import draft_of, fields_of, stored
from tests.support.reviewer import Reviewer, review

TIMES = 2
"""drafts, one after the other: the same moment is a matter of luck"""


def test_of_two_who_save_at_the_same_moment_one_wins_and_the_other_sees_both_texts(
    chen, session, usual, settings, engine
):
    factories.make_person(session, "何督查", (Role.SUPERVISOR, usual.body), username="he")
    session.commit()
    addresses = [draft_of(chen) for _ in range(TIMES)]
    session.commit()
    typed = {
        "chen": {"m1-title": "陈的标题", "m2-title": "陈的第二项"},
        "he": {"m1-title": "何的标题", "m3-title": "何的第三项"},
    }
    context = multiprocessing.get_context("spawn")
    told, ready = context.Queue(), context.Barrier(2)
    processes = [
        context.Process(target=review, args=(Reviewer(name, settings, addresses, texts), ready, told))
        for name, texts in typed.items()
    ]

    for process in processes:
        process.start()
    answers = [told.get(timeout=180) for _ in processes]
    for process in processes:
        process.join(timeout=30)

    assert all(isinstance(one, list) for one in answers), answers
    for place, address in enumerate(addresses):
        first, second = sorted((one[place] for one in answers), key=lambda one: one.status)
        assert (first.status, second.status) == (303, 409)
        # Both texts stand on the page of whoever came second, and what they typed is still in its fields.
        assert all(text in second.words for text in first.typed.values())
        assert all(text in second.words for text in second.typed.values())
        assert second.kept == second.typed
        assert second.again == 303
        # What only one of them typed is there, of what both did the text of whoever saw the other's.
        entries = stored(session, select(ImportDraft.decisions).where(ImportDraft.id == int(address.split("/")[-1])))
        assert entries.one()["entries"]["m1"]["title"] == second.typed["m1-title"]
        assert fields_of(chen.get(address))["m1-title"] == second.typed["m1-title"]

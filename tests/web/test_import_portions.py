"""Plans of hundreds of measures are reviewed page by page, and searched."""

from __future__ import annotations

import pytest
from lxml import html
from sqlalchemy import select

from taskboard.models import (
    Task,
)
from tests.support.importing import counts, draft_of, elements_of, errors_of, fields_of, many, rows_of, stored, words_of


def test_hundreds_of_measures_are_reviewed_page_by_page_and_confirmed_together(chen, session):
    address = draft_of(chen, many(300))
    last = chen.get(address, at="m300")
    fields = fields_of(last) | {"m300-title": "最后一项"}

    answer = chen.post(f"{address}?page=6", act="confirm", **fields, leads_are_checked="y", units_are_checked="y")

    assert rows_of(last) == [f"m{number}" for number in range(251, 301)]
    assert answer.status_code == 303
    assert counts(session)["Task"] == 300
    assert stored(session, select(Task.title).where(Task.position == 300)).one() == "最后一项"


def test_a_page_shows_the_source_of_its_own_measures(chen):
    address = draft_of(chen, many(120))

    first, second = chen.get(address), chen.get(address, page=2)
    sources = [elements_of(page, "source")[0].text_content() for page in (first, second)]

    assert "工作要点" in sources[0] and "第50项" in sources[0] and "第51项" not in sources[0]
    assert "工作要点" not in sources[1] and "第51项" in sources[1] and "第101项" not in sources[1]
    assert all("其他部分在其他页" in source for source in sources)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"find": "第77项"}, ["m77"]),
        ({"find": "市发革委 第2"}, ["m20"]),
        ({"find": "没有这样的字"}, []),
        ({"show": "without-lead"}, []),
        ({"at": "m60", "find": "第6"}, ["m6", *(f"m{n}" for n in range(60, 70))]),
    ],
)
def test_measures_are_found_by_words_and_by_what_they_lack(chen, query, keys):
    address = draft_of(chen, many(80))

    page = chen.get(address, **query)

    assert rows_of(page) == keys


@pytest.mark.parametrize("query", [{"page": "99"}, {"page": "x"}, {"at": "m999"}, {"show": "nonsense"}, {"page": "-1"}])
def test_an_address_that_asks_for_nothing_there_is_shows_a_page_all_the_same(chen, query):
    address = draft_of(chen)

    assert rows_of(chen.get(address, **query)) == ["m1", "m2", "m3"]


def test_all_that_a_search_found_is_changed_together_also_on_other_pages(chen):
    address = draft_of(chen, many(120))
    version = fields_of(chen.get(address))["version"]

    answer = chen.post(
        f"{address}?find=第1", act="bulk-recurrence", version=version, everything="y", bulk_recurrence="monthly"
    )
    page = chen.get(address, at="m120")
    first = fields_of(chen.get(address))

    assert answer.status_code == 303
    assert (first["m1-recurrence"], first["m2-recurrence"]) == ("monthly", "")
    assert fields_of(page)["m119-recurrence"] == "monthly"


def test_an_error_on_a_later_page_comes_back_with_its_measures(chen):
    address = draft_of(chen, many(80))
    page = chen.get(address, page=2)

    answer = chen.post(f"{address}?page=2", act="save", **fields_of(page) | {"m60-decided_on": "2026-02-30"})

    assert answer.status_code == 422
    assert "日期的写法不对" in errors_of(answer)
    assert "m60" in rows_of(answer) and "m1" not in rows_of(answer)


def test_a_conflict_on_a_later_page_shows_both_versions(chen):
    address = draft_of(chen, many(80))
    mine = fields_of(chen.get(address, page=2)) | {"m60-title": "我的题目"}
    chen.post(f"{address}?page=2", act="save", **fields_of(chen.get(address, page=2)) | {"m60-title": "别人的题目"})

    answer = chen.post(f"{address}?page=2", act="save", **mine)

    assert answer.status_code == 409
    assert "别人的题目" in words_of(answer)
    assert fields_of(answer)["m60-title"] == "我的题目"


def test_the_way_to_the_next_doubt_leads_to_another_page(chen):
    address = draft_of(chen, many(120))

    page = chen.get(address, page=2)

    button = html.fromstring(page.text).get_element_by_id("next-doubt")
    assert button.get("href") == "?at=m110#row-m110"
    assert button.get("data-elsewhere") == "7"

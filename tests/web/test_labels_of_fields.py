"""The fields of every page: each has an id of its own, and each label leads to a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from lxml import html

from tests.support.walk import VISITOR, Walk, address, people_of, walking
from tests.web.test_authorisation import TABLE


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with walking(tmp_path_factory.mktemp("labels")) as walk:
        yield walk


def problems_of(page: str) -> list[str]:
    root = html.fromstring(page)
    ids = Counter(root.xpath("//@id"))
    twice = [f"two of {one}" for one, count in ids.items() if count > 1]
    return twice + [f"a label for {one}" for one in root.xpath("//label/@for") if one not in ids]


def test_each_label_leads_to_the_one_field_of_its_id(walk: Walk) -> None:
    wrong, looked_at = {}, 0
    leader = f"/people/{people_of(walk.province)['leader'].id}"
    if problems := problems_of(walk.go("administrator", "GET", leader).text):
        wrong[leader, "administrator"] = problems
    for rule, method in walk.routes():
        who = max(TABLE[rule.endpoint].may - {VISITOR}, default=VISITOR)
        if method != "GET" or "filename" in rule.arguments:
            continue
        for reader in {who, *TABLE[rule.endpoint].may & {"supervisor", "lead.head"}}:
            answer = walk.go(reader, "GET", address(walk.app, rule, walk.province.own.ids))
            if answer.status_code == 200 and answer.mimetype == "text/html":
                looked_at += 1
                if problems := problems_of(answer.text):
                    wrong[rule.rule, reader] = problems
            answer.close()

    assert wrong == {}
    assert looked_at > 60

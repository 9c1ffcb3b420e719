"""Which reports say the same as the one before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taskboard.domain.reports import Said, says_the_same

LAST = Said(done="已完成选址，正在招标。", problems="资金缺口 200 万元", percent=40, figures={7: 12.5})


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"done": " 已完成选址, 正在招标"}, True),
        ({"done": "已完成选址，\n正在招标！"}, True),
        ({"problems": "资金缺口２００万元"}, True),
        ({"percent": None}, True),
        ({"figures": {}}, True),
        ({"done": "已完成选址，正在施工。"}, False),
        ({"problems": "资金缺口 300 万元"}, False),
        ({"problems": ""}, False),
        ({"next_step": "下月开工"}, False),
        ({"percent": 41}, False),
        ({"figures": {7: 12.6}}, False),
        ({"figures": {8: 12.5}}, False),
    ],
)
def test_only_words_and_figures_make_a_report_another(changes: dict[str, object], is_same: bool) -> None:
    assert says_the_same(replace(LAST, **changes), LAST, percent=40) is is_same  # type: ignore[arg-type]

"""The review beside its source: where each field was read, and what is doubtful about it."""

from __future__ import annotations

from lxml import html

from tests.support.importing import PLANS, chen_address, draft_of, elements_of, fields_of, upload, words_of

DOUBTFUL = """云泽市2026年工作要点
一、重点任务
1.推进一网通办。2026年底前，高频事项全部上线。（责任单位：市发改委；市财政局）
2.清理收费项目。分别于2026年6月底前、2026年9月底前完成两批清理。（市财政局牵头）
"""


def test_the_whole_document_stands_beside_the_reading_with_ways_in_both_directions(chen):
    page = html.fromstring(chen.get(draft_of(chen)).text)
    source = page.get_element_by_id("source")
    row = page.get_element_by_id("row-m2")

    place = row.find_class("to-source")[0].get("href")
    words = page.get_element_by_id(place.removeprefix("#")).text_content()

    assert "一、重点任务" in source.text_content()
    assert words.startswith("清理收费项目") or words.startswith("2.清理收费项目")
    assert "#row-m2" in [link.get("href") for link in source.find_class("to-row")]


def test_each_field_of_a_row_says_where_it_was_read(chen):
    page = html.fromstring(chen.get(draft_of(chen)).text)
    places = dict(one.split(":") for one in page.get_element_by_id("row-m1").get("data-places").split(";"))

    def words(field):
        at, start, end = places[field].split(" ")[0].split(",")
        return page.get_element_by_id(f"at-{at}").text_content()[int(start) : int(end)]

    assert (words("lead"), words("partners"), words("deadline")) == ("市发改委", "市财政局", "2026年底前")


def test_the_cells_of_a_table_are_shown_once_with_the_sheet_they_stand_on(chen):
    name = "30_docx_table_merged.docx"
    page = html.fromstring(chen.get(upload(chen, (PLANS / name).read_bytes(), name).location).text)
    places = dict(one.split(":") for one in page.get_element_by_id("row-m3").get("data-places").split(";"))

    at, start, end = places["lead"].split(" ")[0].split(",")
    cell = page.get_element_by_id(f"at-{at}")

    assert cell.getparent().tag == "td"
    assert cell.text_content()[int(start) : int(end)] == fields_of(chen.get(chen_address(chen)))["m3-lead"]
    assert len({one.get("id") for one in page.xpath("//td/span")}) == len(page.xpath("//td/span"))


def test_a_doubtful_field_is_marked_until_it_is_ticked_as_looked_at(chen, session):
    address = draft_of(chen, DOUBTFUL)
    page = chen.get(address)
    (line, *_) = html.fromstring(page.text).find_class("is-uncertain")
    key = line.xpath("ancestor::fieldset/@data-part")[0]
    fields = fields_of(page)
    part = {name: value for name, value in fields.items() if name.startswith(key)}

    answer = chen.post(
        f"{address}/parts", version=fields["version"], **part | {f"{key}looked_at": line.get("data-field")}
    )

    assert "有栏目没有把握" in words_of(page)
    assert line.get("data-field") not in answer.json["uncertain"][key.rstrip("-")]
    again = html.fromstring(chen.get(address).text)
    tick = again.xpath(f"//input[@name='{key}looked_at'][@value='{line.get('data-field')}']")[0]
    assert tick.get("checked") is not None
    assert len(again.find_class("is-uncertain")) == len(html.fromstring(page.text).find_class("is-uncertain")) - 1


def test_the_reason_of_a_mark_stands_at_the_field(chen):
    page = chen.get(
        draft_of(
            chen,
            "云泽市2026年工作要点\n一、重点任务\n1.推进一网通办。6月底前或9月底前完成，另于10月15日前总结。（市财政局牵头）\n",
        )
    )

    assert any(one.text_content().startswith("请核对：") for one in elements_of(page, "reasons"))

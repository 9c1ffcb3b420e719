"""Every problem and note of a document has words."""

from __future__ import annotations

import pytest

from taskboard.documents.document import DocumentNote, DocumentProblem
from taskboard.documents.sniffing import OLE_STREAMS, OTHER_MAGIC
from taskboard.labels.documents import DOCUMENT_NOTES, DOCUMENT_PROBLEMS, FORMATS, describe_document_problem

FACTS = {
    "size": 123_456_789,
    "limit": 50_000_000,
    "characters": 3_000_000,
    "seconds": 20,
    "format": "doc",
    "pages": 1_200,
}


def test_problems_and_notes_have_words_and_words_have_problems_and_notes() -> None:
    assert set(DOCUMENT_PROBLEMS) == set(DocumentProblem)
    assert set(DOCUMENT_NOTES) == set(DocumentNote)


def test_every_format_that_is_recognised_is_named() -> None:
    assert {name for _, name in (*OTHER_MAGIC, *OLE_STREAMS)} <= set(FORMATS)


@pytest.mark.parametrize("problem", DocumentProblem)
def test_every_sentence_can_be_filled_in_and_says_what_to_do(problem: DocumentProblem) -> None:
    sentence = describe_document_problem(problem, {"problem": problem.value, **FACTS})

    assert "请" in sentence
    assert sentence.endswith("。")
    assert "{" not in sentence


def test_figures_are_written_for_people() -> None:
    assert "123.5 MB，上限 50 MB" in describe_document_problem("too_large", FACTS)
    assert "3,000,000 字" in describe_document_problem("too_long", FACTS)
    assert ".docx" in describe_document_problem("unsupported", {"format": "doc"})

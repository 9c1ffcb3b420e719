"""The page that the office reads says what the tables say."""

from tools.workflow_doc import PAGE, render


def test_the_workflow_page_is_what_the_tables_say():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m tools.workflow_doc"

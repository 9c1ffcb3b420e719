"""Every value that the import pages show has words."""

from __future__ import annotations

from taskboard.documents.reader import READERS
from taskboard.domain.imports import DeadlineChoice, NameChoice, Obstacle
from taskboard.labels.imports import DEADLINE_CHOICES, FILE_ENDINGS, NAME_CHOICES, OBSTACLES


def test_every_choice_and_obstacle_has_words():
    assert set(DEADLINE_CHOICES) == set(DeadlineChoice)
    assert set(NAME_CHOICES) == set(NameChoice)
    assert set(OBSTACLES) == set(Obstacle)


def test_the_upload_page_can_name_every_format_that_is_read():
    assert set(READERS) <= set(FILE_ENDINGS)

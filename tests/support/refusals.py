"""What a service says of a value that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from taskboard.domain.errors import Invalid


def problem(act: Callable[[], object]) -> tuple[str, str]:
    """The field and the code with which the act is refused."""
    with pytest.raises(Invalid) as refused:
        act()
    return refused.value.field, refused.value.problem

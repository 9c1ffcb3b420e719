"""What kinds of unit a plan can name."""

from __future__ import annotations

from enum import StrEnum


class DepartmentKind(StrEnum):
    """A collective unit (各市人民政府, 领导小组各成员单位) has no posts: it stands on tasks for information only."""

    UNIT = "unit"
    COLLECTIVE = "collective"

"""Who people are in the workflow: a post is a role at a department for a time."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    HEAD = "head"
    LIAISON = "liaison"
    OFFICER = "officer"
    AUDITOR = "auditor"

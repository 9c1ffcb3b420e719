"""What every application and engine of a test would compile anew, kept for as long as the test process lives.

A test has an application and an engine of its own; compiling their routes, templates and statements took more than half
of the time of the ordinary test of a page.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import pytest
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

STATEMENTS_KEPT = 2000


def keep_what_is_compiled(patch: pytest.MonkeyPatch) -> None:
    """From now on until the patch is undone, applications and engines take over what earlier ones compiled."""
    _keep_templates(patch)
    _keep_routes(patch)
    _keep_statements(patch)


class CompiledTemplates(BytecodeCache):
    """By name and file; what belongs to an older text of the file is thrown away by the bucket."""

    def __init__(self) -> None:
        self.compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


def _keep_templates(patch: pytest.MonkeyPatch) -> None:
    """Those of pages and those of mails; the two know the same file by different names."""
    kept = CompiledTemplates()
    make_environment = Environment.__init__

    def make_environment_that_shares(environment: Environment, *arguments: Any, **options: Any) -> None:
        make_environment(environment, *arguments, **{"bytecode_cache": kept, **options})

    patch.setattr(Environment, "__init__", make_environment_that_shares)


def _keep_routes(patch: pytest.MonkeyPatch) -> None:
    """The same rule is matched and made an address of in the same way, whichever application it belongs to."""
    compile_anew = Rule.compile
    kept: dict[tuple[Any, ...], Rule] = {}

    def compile_or_take(rule: Rule) -> None:
        key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults))
        known = kept.get(key)
        if known is None:
            compile_anew(rule)
            kept[key] = rule
            return
        rule._parts, rule._trace, rule._converters = known._parts, known._trace, known._converters
        rule.arguments |= known.arguments
        rule._build = MethodType(known._build.__func__, rule)
        rule._build_unknown = MethodType(known._build_unknown.__func__, rule)

    patch.setattr(Rule, "compile", compile_or_take)


def _keep_statements(patch: pytest.MonkeyPatch) -> None:
    """Statements are kept by the dialect they were compiled for, and all engines of a kind speak the same one."""
    kept = LRUCache[Any, Any](STATEMENTS_KEPT)
    shared = property(lambda _engine: kept, lambda _engine, _own: None)
    patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
    patch.setattr(Engine, "_compiled_cache", shared, raising=False)

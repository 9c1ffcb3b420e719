"""Keeps tests on this machine: a connection to anything but the loopback address is an error."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", ""})


class NetworkForbidden(Exception):
    """A test tried to reach beyond this machine. Not an OSError: code that handles those must not swallow it."""


def forbid_network(patch: pytest.MonkeyPatch) -> None:
    """Let this process connect, send and resolve to the loopback address only."""
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))


def is_local(host: object) -> bool:
    """Whether this host, a name or an address, is the machine itself."""
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in LOOPBACK_NAMES:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        # The address comes last: connect(address), sendto(data, address), sendto(data, flags, address).
        address = arguments[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
            raise NetworkForbidden(f"no test may reach {address!r}")
        return connect(self, *arguments)

    return guarded


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: object, *arguments: Any, **options: Any) -> Any:
        if not is_local(host):
            raise NetworkForbidden(f"no test may look up {host!r}")
        return lookup(host, *arguments, **options)

    return guarded

"""Listening sockets, bound once by the supervisor and inherited by the processes that serve them."""

from __future__ import annotations

import errno
import socket

from hub.kernel.errors import Category, HubError


def listen(host: str, port: int, *, what: str, backlog: int = 512) -> socket.socket:
    """Bind and listen on `host`:`port` (0 takes a free port).

    Raises HubError CONFLICT when the port is taken, INVALID when the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, port))
    except OSError as error:
        server.close()
        raise _refusal(error, f"{what} {host}:{port}") from None
    server.listen(backlog)
    server.setblocking(False)
    return server


def _refusal(error: OSError, where: str) -> HubError:
    if error.errno == errno.EADDRINUSE:
        return HubError(
            Category.CONFLICT, "the port is taken", where=where, todo="choose another, or stop what uses it"
        )
    return HubError(Category.INVALID, error.strerror or "cannot listen", where=where, todo="check host and port")

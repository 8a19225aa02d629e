"""A socket that listens, or why there is none."""

import errno
import socket
from typing import Final

from synsift.pipelines.errors import UsageError

_WHY_NOT: Final = {
    errno.EADDRINUSE: "another program has that port: `--port 0` takes any that is free",
    errno.EACCES: "ports below 1024 are the system's: `--port 0` takes any that is free",
    errno.EADDRNOTAVAIL: "the host must be an address of this machine; `0.0.0.0` is all of them",
}


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: An address of this machine, or a name of one; of several that of IPv4.
        port: 0 for any that is free.

    Raises:
        UsageError: It can't.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, place = min(found, key=lambda one: one[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen()  # who opens the address at once waits, and is not refused
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as exc:
        code = errno.EADDRNOTAVAIL if isinstance(exc, (socket.gaierror, UnicodeError)) else exc.errno or 0
        reason = getattr(exc, "strerror", "") or exc
        raise UsageError(f"`{host}`, port {port}: {reason}", hint=_WHY_NOT.get(code, "")) from exc
    return listener

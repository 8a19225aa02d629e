"""How a command is asked for of the process that forks them (``tests.warm``); as a program, it is the command.

Loads next to nothing: a shell's ``synsift`` is ready after some 20 ms.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

SIZE_BYTES = 8
LOADING_S = 120
"""The first command waits until the libraries are loaded, and other tests may load this machine at the same time."""


def ask(
    place: str,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    files: Sequence[int],
    module: str = "synsift",
    is_apart: bool = False,
) -> tuple[int, socket.socket]:
    """Have a command forked, maybe in a session of its own; its process id, and what tells its exit status."""
    request = {"module": module, "arguments": list(arguments), "env": dict(env), "cwd": cwd, "is_apart": is_apart}
    data = json.dumps(request).encode()
    told = socket.socket(socket.AF_UNIX)
    told.settimeout(LOADING_S)
    told.connect(place)
    socket.send_fds(told, [len(data).to_bytes(SIZE_BYTES, "big")], files)
    told.sendall(data)
    return number(told), told


def number(connection: socket.socket) -> int:
    """The next number that is told: a process id, or an exit status as ``subprocess`` has it."""
    data = connection.recv(SIZE_BYTES, socket.MSG_WAITALL)
    if len(data) < SIZE_BYTES:
        raise EOFError("the process that commands are forked of is gone")
    return int.from_bytes(data, "big", signed=True)


if __name__ == "__main__":
    pid, told = ask(sys.argv[1], sys.argv[2:], env=os.environ, cwd=os.getcwd(), files=(0, 1, 2))
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda got, _: os.kill(pid, got))
    told.settimeout(None)
    status = number(told)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)

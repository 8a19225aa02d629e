"""The process that helpers are forked of, and what it leaves."""

import subprocess
import sys

SCRIPT = """
import multiprocessing, multiprocessing.forkserver as forkserver, os, signal, socket, time
from synsift.crawler.processes import helpers_context

if __name__ == "__main__":
    def helper():
        process = helpers_context("synsift.crawler.helper_begin").Process(target=os.getpid)
        process.start()
        process.join()
    helper()
    server = forkserver._forkserver
    folder = os.path.dirname(server._forkserver_address)
    # Who connects and says nothing ends it by an exception, while we go on.
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(server._forkserver_address)
        stranger.shutdown(socket.SHUT_WR)
        os.waitpid(server._forkserver_pid, 0)
    server._forkserver_pid = None
    server._forkserver_address = None
    os.close(server._forkserver_alive_fd)
    print(os.path.isdir(folder))
    helper()
    print("asked again")
"""


def test_a_starter_that_goes_on_keeps_the_folder_of_its_sockets() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split("\n")[:2] == ["True", "asked again"], done.stderr

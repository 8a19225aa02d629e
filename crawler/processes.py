"""Processes of our own that never hear of Ctrl-C, which a terminal sends to all of a group."""

import multiprocessing
import signal
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext


def helpers_context(preload: str) -> ForkServerContext:
    """A context whose processes are forked of one that has loaded `preload`, has no threads, and has Ctrl-C blocked.

    The tracker of resources comes first: starting the server starts it where there is none, and that unblocks Ctrl-C,
    which then met the server while Python began, with a "Fatal Python error" on the user's terminal.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["synsift.crawler.helper_begin", preload])
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context

"""The command line."""

_OBJECTS_BEFORE_A_LOOK = 50_000


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 failed, 2 wrong use; no traceback for what a user can cause."""
    # Nothing is imported before this: libraries take a while to load, and Ctrl-C meanwhile is a user's right, too.
    import gc
    import os
    import signal
    import sys
    from typing import NoReturn

    # Loading makes a few hundred thousand objects that stay. Looking through them for garbage again and again, and once
    # more at the end, is a quarter of the time of a command that does little.
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)

    # Work is shared out to processes. OpenBLAS's own threads wait for each other in turns that burn a core, over
    # matrices that one of them has multiplied by then. Heard only by a NumPy that isn't loaded yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    def leave(_number: int, _frame: object) -> NoReturn:
        try:
            os.write(2, b"synsift: interrupted\n")
        finally:
            # A worker is told to stop that way: no failure.
            os._exit(0 if sys.argv[1:2] == ["run"] else 1)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)

    from synsift.pipelines.cli.running import run

    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # a second one, in the midst of leaving after the first
        leave(0, None)
    gc.freeze()
    sys.exit(status)

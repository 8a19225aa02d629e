"""Log lines: for people on a terminal, JSON everywhere else."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

from synsift.pipelines.texts import for_people

# Libraries whose INFO is not for the users of this program.
_QUIET: Final = ("faiss", "scrapy", "aiohttp", "asyncio", "twisted", "filelock", "tldextract", "py.warnings")


def _mask(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of a line and its traceback, and what a terminal would carry out.

    What libraries say of a request names it whole, and what servers say stands in errors as it came.
    """
    for key, value in event.items():
        event[key] = for_people(value) if isinstance(value, str) else value
    return event


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to what is standard error by then: a bar of progress stands in for it, and prints lines above itself."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # as logging.lastResort has it
        """Where lines go."""
        return sys.stderr


def set_up_logging(level: str) -> None:
    """Send log lines of all libraries to standard error, each as one structured event."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    people = sys.stderr.isatty()
    # Masked at last, when tracebacks are texts, too. Those for people have no local variables in them either.
    final: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _mask,
        structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(),
    ]
    handler = _Handler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=final, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    # kafka-python logs every lost connection as an error, with its traceback; what matters of them is raised.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    logging.captureWarnings(capture=True)

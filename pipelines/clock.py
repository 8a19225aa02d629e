"""The time of day, as records write it."""

import datetime
import math


def now_text(*, ahead_s: float = 0.0) -> str:
    """The present time, or one that is ahead, in UTC as RFC 3339, to the second."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ahead_s)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def text_of(at_s: float) -> str:
    """A moment of Unix time, in UTC as RFC 3339, to the next second."""
    moment = datetime.datetime.fromtimestamp(math.ceil(at_s), datetime.UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

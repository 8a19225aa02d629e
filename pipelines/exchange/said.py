"""What somebody else's file says of an image, line by line, before it is a vote."""

import datetime
import re
from dataclasses import dataclass
from typing import Any, Final

from synsift.pipelines.verification.ballots import OTHER, UNIMAGEABLE, UNSURE, YES

RIVAL: Final = "rival "
"""Before the number of a rival synset, where a service can't offer other answers in each batch."""
_WORDS: Final = {
    **dict.fromkeys(("yes", "y", "1", "1.0", "true", "good", "positive"), YES),
    **dict.fromkeys(("no", "n", "0", "0.0", "false", "bad", "negative", "none"), "no"),
    **dict.fromkeys(("unsure", "?", "maybe", "skip", "don't know"), UNSURE),
    "broken": "broken",
    UNIMAGEABLE: UNIMAGEABLE,
}
_ZONES_H: Final = {"UTC": 0, "GMT": 0, "PST": -8, "PDT": -7, "EST": -5, "EDT": -4}
_OF_TURK: Final = re.compile(r"\w{3} (\w{3}) (\d{1,2}) (\d\d:\d\d:\d\d) (\w{3}) (\d{4})", re.ASCII)
_MOST_S: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, as a file has it.

    Attributes:
        where: Its place in the file, such as ``line 3``.
        wnid: The synset.
        sha256: The image.
        voter: Who says it.
        answer: As of ``answer_of``.
        at: When, in UTC as RFC 3339; empty if the file doesn't tell.
        took_s: Seconds that it took; 0 if the file doesn't tell.
        task: The batch; may be empty.
    """

    where: str
    wnid: str
    sha256: str
    voter: str
    answer: str
    at: str = ""
    took_s: float = 0.0
    task: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a file that is no answer.

    Attributes:
        where: Its place in the file; empty for the whole.
        why: What is wrong with it.
    """

    where: str
    why: str


def answer_of(text: Any, rivals: tuple[str, ...] = ()) -> str:  # noqa: ANN401 - from anybody
    """An answer in our words.

    Args:
        text: In those of a service or of a table.
        rivals: What ``rival 1`` and the following mean.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(text, str | int | float):  # JSON's null would be the word none, and so a no
        raise ValueError("its answer is neither a text nor a number")
    word = ("yes" if text else "no") if isinstance(text, bool) else str(text).strip()
    if word.startswith(OTHER):
        return word
    known = _WORDS.get(word.lower())
    if known is not None:
        return known
    if word.lower().startswith(RIVAL) and word[len(RIVAL) :].isdecimal():
        number = int(word[len(RIVAL) :][:4])
        if 1 <= number <= len(rivals):
            return OTHER + rivals[number - 1]
    raise ValueError(f"`{word[:40]}` is no answer: yes, no, unsure, broken, unimageable or other:WNID")


def moment_of(text: Any) -> str:  # noqa: ANN401 - from anybody
    """A time in UTC as RFC 3339, to the second; empty of nothing.

    Raises:
        ValueError: It is no time.
    """
    if text in (None, ""):
        return ""
    word = str(text).strip()
    if found := _OF_TURK.fullmatch(word):
        month, day, clock, zone, year = found.groups()
        if zone not in _ZONES_H:
            raise ValueError(f"`{word[:40]}`: the time zone {zone} isn't known")
        moment = datetime.datetime.strptime(f"{day} {month} {year} {clock}", "%d %b %Y %H:%M:%S").replace(
            tzinfo=datetime.timezone(datetime.timedelta(hours=_ZONES_H[zone]))
        )
    else:
        try:
            moment = datetime.datetime.fromisoformat(word)
        except ValueError:
            raise ValueError(f"`{word[:40]}` is no time, such as 2026-01-02T03:04:05Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    try:
        return moment.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError:
        raise ValueError(f"`{word[:40]}` is no time of ours") from None


def seconds_of(value: Any) -> float:  # noqa: ANN401 - from anybody
    """Seconds that an answer took; 0 for what is no such number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return round(number, 2) if 0 <= number <= _MOST_S else 0.0

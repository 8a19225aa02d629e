"""What somebody says about the use of an image."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_VALUE: Final = 200


class Say(StrEnum):
    """What a statement says of one use."""

    YES = "yes"
    NO = "no"
    HOLD = "hold"
    """It can't be told: to be kept out of training until somebody has looked."""
    SILENT = "silent"


class Kind(StrEnum):
    """Kinds of statements, as a policy tells them apart."""

    GRANT = "grant"
    NOAI = "noai"
    NOML = "noml"
    NOINDEX = "noindex"
    NOARCHIVE = "noarchive"
    TDM = "tdm"
    TDM_UNCLEAR = "tdm-unclear"
    TDM_UNREAD = "tdm-unread"
    USAGE = "content-usage"
    USAGE_OLD = "content-usage-old"
    USAGE_UNCLEAR = "content-usage-unclear"
    SIGNAL = "content-signal"
    SIGNAL_UNCLEAR = "content-signal-unclear"
    AI_TXT = "ai.txt"
    AI_TXT_UNCLEAR = "ai.txt-unclear"
    AI_TXT_UNREAD = "ai.txt-unread"
    NO_AI_TRAINING = "disallow-ai-training"
    IMG2DATASET = "img2dataset"
    TRAINING_BOTS = "training-bots"
    PLUS = "data-mining"
    PLUS_GENERATIVE = "data-mining-generative"
    PLUS_UNCLEAR = "data-mining-unclear"
    CREDENTIALS = "content-credentials"
    CREDENTIALS_GENERATIVE = "content-credentials-generative"
    CREDENTIALS_UNCLEAR = "content-credentials-unclear"
    LICENCE = "rsl"
    LICENCE_UNCLEAR = "rsl-unclear"
    LICENCE_UNREAD = "rsl-unread"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, with what it says to a cautious reader.

    Attributes:
        kind: For the policy.
        signal: Name of the header, file or property.
        value: What stands there, shortened.
        where: URL of what said it.
        train: Of training.
        index: Of indexing for search.
        rank: Of statements of the TDM Reservation Protocol the highest rank replaces the others; 0 for all else.
    """

    kind: Kind
    signal: str
    value: str
    where: str
    train: Say = Say.SILENT
    index: Say = Say.SILENT
    rank: int = 0


def shortened(text: str) -> str:
    """A text of strangers as a statement keeps it."""
    text = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST_VALUE]).strip()
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"

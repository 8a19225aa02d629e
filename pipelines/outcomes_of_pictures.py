"""Outcomes of what was looked at, in words: see ``outcomes.py``, where all of them stand."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Explained:
    """What an outcome means.

    Attributes:
        outcome: Its word.
        stage: Where it happens; several with commas.
        heals: Whether a later try may end better: such dead letters are worth a replay.
        meaning: What happened.
        advice: What to do about it; empty for what is as it should be.
    """

    outcome: str
    stage: str
    heals: bool
    meaning: str
    advice: str = ""


PICTURES: Final = (
    Explained(
        "not_an_image",
        "fetch",
        False,
        "The bytes are no image of an allowed format; often an HTML page.",
        "Look at the URL in a browser: a list may name pages instead of files.",
    ),
    Explained(
        "too_many_pixels",
        "fetch",
        False,
        "By its header the image has more pixels than `fetch.max_pixels`; nothing was decoded.",
        "Raise `fetch.max_pixels` if you have the memory (4 bytes a pixel), then replay.",
    ),
    Explained(
        "too_costly",
        "fetch",
        False,
        "The file is made to cost: scans, segments or chunks without end. Nothing was decoded.",
        "Nothing; no picture that people look at is made so.",
    ),
    Explained(
        "decode_timeout",
        "fetch",
        False,
        "Decoding took more CPU time than `fetch.decode_cpu_s`, and was stopped.",
        "Of large pictures on a slow machine, raise `fetch.decode_cpu_s`, then replay.",
    ),
    Explained(
        "decode_memory",
        "fetch",
        False,
        "Decoding wanted more memory than `fetch.decode_memory_mb`, and was stopped.",
        "If you have the memory, raise `fetch.decode_memory_mb`, then replay.",
    ),
    Explained(
        "decoder_crashed",
        "fetch",
        False,
        "Two decoders died on this file, one after the other; as processes of their own they took nothing else along.",
        "The dead letter says how. By SIGKILL: was memory short? Then replay. Else report the file, an attack perhaps.",
    ),
    Explained(
        "truncated_image",
        "fetch",
        False,
        "The file ends before the picture does. With less than 5 % of its rows missing it is kept, and marked "
        "`is_cut`.",
        "Replay once: if it ends the same way, the file at the host is broken.",
    ),
    Explained(
        "corrupt_image", "fetch", False, "The file contradicts itself.", "Nothing; the file at the host is broken."
    ),
    Explained(
        "too_small",
        "fetch",
        False,
        "One side of the picture is shorter than `fetch.min_side_px`: an icon, a spacer, a counting pixel. "
        "Nothing of it was kept.",
        "If you want such pictures, lower `fetch.min_side_px`, then replay.",
    ),
    Explained(
        "too_long",
        "fetch",
        False,
        "One side of the picture is more than `fetch.max_aspect` times as long as the other: a banner, a rule.",
        "If you want such pictures, raise `fetch.max_aspect`, then replay.",
    ),
    Explained(
        "unwanted_format",
        "fetch",
        False,
        "The picture could be decoded, and is of a format that `fetch.formats` doesn't name.",
        "If you want it, add the format to `fetch.formats`, then replay.",
    ),
)
"""What can be wrong with a picture."""

"""Each kind of verdict in words. The reference page and its test are made from this."""

from typing import Final

VERDICTS: Final = (
    ("new", "yes", "Nothing like it was there."),
    ("plain", "yes", "Too plain to compare, such as one colour: only a file with the same bytes is its copy."),
    ("exact", "no", "The same bytes (SHA-256) were there."),
    (
        "near",
        "the better one",
        "A copy of one that was there, in another size, format, crop, frame, colour or orientation.",
    ),
    ("reference", "no", "A copy of an image in `dedupe.reference`, which is to be kept out."),
)
"""Kinds of verdicts, whether such an image is kept, and what they mean; a test compares with ``dedupe.Kind``."""

"""Captions that aren't plain: entities of HTML, URLs, names of files, signs of other alphabets → texts that are.

Many captions are cleaned at once, as one text: a call for each would take longer than all else.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

MOST_CHARACTERS: Final = 2_000
"""What is looked at of a caption. Longer ones are whole articles, and name everything."""
_BETWEEN: Final = "\x1f"
_SUFFIXES: Final = (
    "jpe?g|jpe|jfif|png|gif|webp|tiff?|bmp|svg|heic|avif|raw|cr2|nef|arw|dng|psd|eps|ai|pdf|mp4|mov|avi"
    "|html?|php|aspx?|jsp"
)
_ENDS: Final = "com|net|org|edu|gov|info|biz|io|co|uk|de|fr|es|it|nl|ru|cn|jp|eu|us|tv|me|shop|blog|blogspot|photos"
_NO_WORDS: Final = re.compile(
    rf"(?<![^\s,;|()\[\]])[^\s,;|()\[\]]*?"
    rf"(?:://|www\.|@[^\W_]|[^\W_]_+\d|\d_+[^\W_]|[^\W_]\.(?:{_SUFFIXES})(?![^\W_])|[^\W_]\.(?:{_ENDS})(?![^\W_]))"
    rf"[^\s,;|()\[\]]*|<[^<>{_BETWEEN}]*>",
    re.IGNORECASE,
)
"""From blank to blank: what holds a URL, an address, the name of a file (``IMG_1234``) or of a host; and tags."""
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("’‘‛ʼ＇`´", "'"),
        **dict.fromkeys("‐‑‒－", "-"),
        **dict.fromkeys(
            "\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
        ),
        **dict.fromkeys("\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f", ""),
        "_": " ",
    }
)
_OTHER: Final = re.compile(r"[^\w\s\x00-\x7f\u0300-\u036f]+")


def clean(texts: Sequence[str]) -> list[str]:
    """Texts whose words are letters and digits, in lower case and composed (NFC), with ASCII's other signs alone.

    What is no word (URLs, names of files) is a break: phrases don't go across it.
    """
    joined = _BETWEEN.join(text.replace(_BETWEEN, " ") if _BETWEEN in text else text for text in texts)
    if "&" in joined:
        joined = html.unescape(joined)
    joined = _NO_WORDS.sub("|", joined)
    if not joined.isascii():
        joined = unicodedata.normalize("NFC", joined).translate(_ALIKE)
        joined = _OTHER.sub("|", joined.casefold())  # STRASSE is Straße
    else:
        joined = joined.lower().replace("_", " ").replace("`", "'")
    return joined.split(_BETWEEN)

"""How much of a picture's detail is there only because its contrast was raised: levels stretched, equalised, a gain.

With so many times the contrast a picture takes so many times the bits to the power of a half. Which of two is as it was
at first, nothing in one of them says. But what was darkened, faded, or washed out has a part of the range from black to
white, and what has most of it wasn't: beside that, more contrast is no more detail.
"""

from typing import Final

from synsift.dedupe.evidence import picture_of
from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import Floats

# Of the tones of a picture that are neither its darkest nor its brightest, in shares; and how far apart these are, in
# grey levels, in what has most of the range.
_ENDS: Final = (0.01, 0.99)
_MOST_OF_THE_RANGE: Final = 150.0
_POWER: Final = 0.5


def tones_of(image: Fingerprint) -> Floats:
    """Grey levels inside of a picture's borders, coarsely, ``(1024,)``."""
    return picture_of(image.evidence, 0, image.fine).tones


def tones_in_order(image: Fingerprint) -> Floats:
    """The same, the darkest first."""
    return picture_of(image.evidence, 0, image.fine).tones_in_order


def raised_detail(image: Fingerprint, other: Fingerprint) -> float:
    """How many times the detail of another copy one has for its contrast; 1 where that has little of the range."""
    theirs = tones_in_order(other)
    low, high = (int(share * (len(theirs) - 1)) for share in _ENDS)
    if float(theirs[high] - theirs[low]) < _MOST_OF_THE_RANGE:
        return 1.0
    return float(max(1.0, times_the_contrast(image, other)) ** _POWER)


def times_the_contrast(image: Fingerprint, other: Fingerprint) -> float:
    """How many times the contrast of another copy a picture has, coarsely."""
    mine, theirs = (picture_of(one.evidence, 0, one.fine).contrast for one in (image, other))
    return mine / max(1e-9, theirs)

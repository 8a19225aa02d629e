"""Which of two copies is the better one to keep.

    no loss         of a drawing before loss, at one size: what JPEG draws around lines is no detail
    the first one   before what has the traces of its compression, and was compressed less since: no more is in that
    colours         before none, or one tint: what was made grey, or sepia, lost something
    real pixels     those inside of the borders, as far as there is detail in them: what was enlarged, blurred, or
                    compressed hard and saved again has less; noise and contrast that were added are no detail
    all tones       of two without loss in one format, what takes far less room for as many other pixels lost some
    a camera's      metadata: it is nearer to the original; an edit loses them
    a whole file    before one that breaks off
    all its tones   before what was blown out to white, or crushed to black, where the other has tones
    an animation    before a still picture that shows its first frame; but a GIF of a photograph lost its colours
    no border       before a frame, a letterbox, a bar with a caption
    all of it       before what some was cut off, unless it was compressed hard
    compression     less is better, now and before; but a photograph kept in a format without loss is as a rule a JPEG
                    that was saved again, larger and no better
    depth           of two without loss more than eight bits a channel before eight
    the file        smaller where nothing was lost, else larger; then the more common format, then the earlier one

Two sizes that are nearly the same are the same: measures have their errors. So these rules aren't an order of all
pictures; ``rank`` is one, by what weighs most.
"""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from synsift.dedupe.colours import beside_one_tint
from synsift.dedupe.contrast import raised_detail, times_the_contrast, tones_in_order
from synsift.dedupe.detail import LOSSLESS, PIXELS
from synsift.dedupe.evidence import PLACES, Picture, picture_of
from synsift.dedupe.fine import exactness_of
from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.noise import times_the_noise
from synsift.dedupe.own_ground import without_own_grounds
from synsift.dedupe.saved_again import SAME_QUALITY, is_lossless, is_made_of, quality_beside, tones_differ

# Pictures whose colours are remembered: a survivor is held beside several copies.
_KEPT: Final = 64
# Of copies that are equal in pixels and compression: what any program can read, first.
_FORMATS: Final = (PIXELS, "AVIF", "BMP", "GIF", "HEIF", "JXL", "TIFF", "WEBP", "PNG", "JPEG")
# A photograph enlarged twice has four times the pixels at half the bits a pixel: the cube makes that less than one.
# Of what shows little, edges are all there is, and a smaller copy has as many of them: there, less is made of detail.
_DETAIL_POWER: Final = 3.0
_DETAIL_POWER_OF_LITTLE: Final = 1.2
# Of what is plain in drawings, the least share without noise.
_EXACT_OF_DRAWINGS: Final = 0.5
# Nearly the same: the error of detail where it is measured in two ways.
_SAME: Final = 1.4
# The same of two sizes: what was enlarged has less, and what was made smaller has more than its error.
_SAME_OF_SIZES: Final = 1.2
# Colours are worth so many times the pixels; a camera's word so many.
_COLOUR_WORTH: Final = 8.0
_CAMERA_WORTH: Final = 3.0
_WHOLE_WORTH: Final = 3.0
_ANIMATED_WORTH: Final = 3.0
_TONES_WORTH: Final = 4.0
# From how many levels on colours are some, less than which share of the other ones are few, as no saturation takes as
# much, and what is left beside one tint, of all.
_SOME_COLOURS: Final = 4.0
_TINT_SHARE: Final = 0.2
_FEW_COLOURS: Final = 0.2
# How many times as strong colours are beside a copy without, and in which share of all places what was painted over a
# part doesn't count.
_FAR_STRONGER: Final = 2.5
_NOT_A_PART: Final = 0.7
# A picture lost tones at one end, within so many grey levels of black or white, if that is such a share of it more than
# of the other one: of another size, the first share, as what was cut off has other tones; and if as much of the other
# one's darkest or brightest is that many grey levels long: where it was black from the beginning, nothing was lost.
_END: Final = 8.0
_LOST_SHARES: Final = (0.1, 0.06)
_LOST_LEVELS: Final = 24.0
_OUTLIERS: Final = 0.1
_WHITE_LEVEL: Final = np.float32(255)
# Borders are surely found to 1/128 of a side, so a side that has one counts for so much less.
_BORDER_ERROR: Final = 1 / 128
_BORDER: Final = 0.012
_MANY_MORE: Final = 1.25
# Soft pictures have few bits a pixel, and their thumbnails many: from so many times the width on the larger one counts
# for more, by which power of what is beyond that. Who enlarges does so twice or three times.
_MANY_TIMES: Final = (3.0, 1.5)
_A_FEW_MORE: Final = 1.01
# Sizes of hard compressed JPEGs say too much of soft pictures, which take little anyhow.
_POOR: Final = 60
_FAR_MORE: Final = 15
# What JPEG draws around the lines of drawings makes so many times the detail at most: at quality 95, and more for each
# step below. What has less still was blurred, or made smaller and larger again.
_DRAWN_BY_LOSS: Final = (1.12, 0.045)
_HARDLY_ANY_LOSS: Final = 95
# Noise was added if there is so many times as much, times a power of how many times the detail; and if it is so much,
# in the steps that it is told in, and not more than texture has, where the other copy is smooth.
_MORE_NOISE: Final = 2.0
_NOISE_POWER: Final = 3.0
_MUCH_NOISE: Final = (10, 24)
_LITTLE_NOISE: Final = 10
# Most photographs have so many bits of detail; those that were blurred have fewer.
_SHARP_BITS: Final = 1.2
_NOISE_WORTH: Final = 2.0
# So many times the room; and how much better what takes it is.
_FAR_LESS_ROOM: Final = 3.0
# From this quality on a JPEG of a photograph shows what a picture without loss does.
_AS_GOOD: Final = 85
# From this one on what was cut off weighs more than compression; so many pixels more are surely that.
_GOOD: Final = 70
_SOME_MORE: Final = 1.03


def better(challenger: Fingerprint, holder: Fingerprint) -> bool:
    """Whether ``challenger`` should replace ``holder``, a copy of the same picture.

    Pure; the same answer for the same two files, always; never true both ways.
    """
    if _is_drawing_with_loss(holder, challenger) or _is_drawing_with_loss(challenger, holder):
        return challenger.quality > holder.quality
    if (made := is_made_of(challenger, holder)) != is_made_of(holder, challenger):
        return not made
    challenger, holder = without_own_grounds(challenger, holder)
    power = _DETAIL_POWER_OF_LITTLE if _is_drawn(challenger) or _is_drawn(holder) else _DETAIL_POWER
    ratio = real_pixels(challenger, power) / max(1e-9, real_pixels(holder, power))
    more, less = (challenger, holder) if ratio > 1 else (holder, challenger)
    ratio = _without_contrast(ratio, raised_detail(more, less) ** power) * _for_its_size(challenger, holder)
    if ratio >= 1 and _is_noisy_copy(challenger, holder):
        ratio = 1 / _NOISE_WORTH
    elif ratio <= 1 and _is_noisy_copy(holder, challenger):
        ratio = _NOISE_WORTH
    elif _has_fewer_tones(more, less) or _has_fewer_tones(less, more):
        ratio = _FAR_LESS_ROOM if challenger.size_bytes > holder.size_bytes else 1 / _FAR_LESS_ROOM
    elif _is_hardly_true(more, less):
        ratio = 1.0
    for mine, theirs, worth in (
        (*_have_all_colours(challenger, holder), _COLOUR_WORTH),
        (challenger.is_camera, holder.is_camera, _CAMERA_WORTH),
        (not challenger.is_cut, not holder.is_cut, _WHOLE_WORTH),
        (_holds_more(challenger, holder), _holds_more(holder, challenger), _ANIMATED_WORTH),
        (_has_lost_tones(holder, challenger), _has_lost_tones(challenger, holder), _TONES_WORTH),
    ):
        ratio *= worth if mine and not theirs else 1 / worth if theirs and not mine else 1.0
    same = _SAME if 1 / _MANY_MORE <= _inside_px(challenger) / _inside_px(holder) <= _MANY_MORE else _SAME_OF_SIZES
    if not 1 / same <= ratio <= same:
        return ratio > 1
    borders = [sum(image.borders) for image in (challenger, holder)]
    if abs(borders[0] - borders[1]) > _BORDER:
        return borders[0] < borders[1]
    return _file_rank(challenger, holder) > _file_rank(holder, challenger)


def _for_its_size(image: Fingerprint, other: Fingerprint) -> float:
    """What counts for a picture many times as wide as the other: thumbnails are small, and nobody enlarges so."""
    scale = math.sqrt(_inside_px(image) / _inside_px(other))
    many, power = _MANY_TIMES
    return math.pow(max(1.0, scale / many) * min(1.0, scale * many), power)


def _without_contrast(ratio: float, raised: float) -> float:
    """The ratio of real pixels where one picture has so many times as many for its contrast alone: at most as many."""
    return max(1.0, ratio / raised) if ratio > 1 else min(1.0, ratio * raised)


def _is_noisy_copy(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether noise was added to a picture that is as large and has less detail.

    Noise that comes with a picture goes with its details, where it is blurred or the noise taken away.
    """
    least, most = _MUCH_NOISE
    if not least <= image.noise <= most or other.noise > _LITTLE_NOISE:
        return False
    if other.quality < _POOR or other.detail_bits < _SHARP_BITS:
        return False
    detail, contrast = max(1.0, image.detail_bits / other.detail_bits), max(1.0, times_the_contrast(image, other))
    return (
        times_the_noise(image.noise, other.noise) >= _MORE_NOISE * contrast * detail**_NOISE_POWER
        and 1 / _MANY_MORE <= _inside_px(image) / _inside_px(other) <= _MANY_MORE
        and not _has_lost_tones(other, image)
    )


def _is_drawing_with_loss(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether it is a drawing that was compressed with loss, and the other one the same of the same size without.

    What compression draws around lines looks like detail, and moves the ends of borders.
    """
    least, a_step = _DRAWN_BY_LOSS
    most = least + a_step * max(0, _HARDLY_ANY_LOSS - image.quality)
    return (
        image.quality < other.quality == LOSSLESS
        and (image.width_px, image.height_px) == (other.width_px, other.height_px)
        and (image.is_grey, image.is_cut, image.is_animated) == (other.is_grey, other.is_cut, other.is_animated)
        and (_is_drawn(image) and _is_drawn(other))
        and 1 / _MANY_MORE <= _inside_px(image) / _inside_px(other) <= _MANY_MORE
        and image.detail_bits <= most * other.detail_bits
    )


def _has_fewer_tones(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether it takes far less room than other pixels, as many, of its format without loss.

    So it is where tones were taken together: their edges look like detail, and there is less in them. The same pixels
    have the same detail, whichever way they are packed.
    """
    is_packed_alike = image.format == other.format and is_lossless(image) and is_lossless(other)
    takes_less = _FAR_LESS_ROOM * image.size_bytes < other.size_bytes and image.detail_bits != other.detail_bits
    return is_packed_alike and takes_less and _are_alike_in_px(image, other)


def _holds_more(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether it has frames after the first, and that isn't of a photograph in the 256 colours of a GIF."""
    return image.is_animated and (image.format != "GIF" or other.format == "GIF" or _is_drawn(image))


def _have_all_colours(one: Fingerprint, other: Fingerprint) -> tuple[bool, bool]:
    """Whether each has colours, and isn't of one tint where the other one has several."""
    (mine, my_strength), (theirs, their_strength) = (_colours_of(image) for image in (one, other))
    if one.is_grey or other.is_grey:
        # … none are those that the other ones are nearly as strong as, and those of one tint, or of a part, laid over.
        widest = [_widespread(image) for image in (one, other)]
        most = max(_SOME_COLOURS, _FAR_STRONGER * min(widest))
        return (
            not one.is_grey and mine >= _TINT_SHARE * my_strength and widest[0] >= most,
            not other.is_grey and theirs >= _TINT_SHARE * their_strength and widest[1] >= most,
        )
    return not _is_tinted(mine, my_strength, theirs), not _is_tinted(theirs, their_strength, mine)


def _is_tinted(beside: float, strength: float, others: float) -> bool:
    """Whether colours are of one tint, by what ``_colours_of`` gives, where those of the other picture aren't."""
    is_tint = strength >= _SOME_COLOURS and beside < _TINT_SHARE * strength
    return is_tint and others >= _SOME_COLOURS and beside < _FEW_COLOURS * others


def _colours_of(image: Fingerprint) -> tuple[float, float]:
    """Of colours beside one tint, and of all: roots of the mean square, in levels."""
    return _colours_in(picture_of(image.evidence, 0, image.fine))


@lru_cache(maxsize=_KEPT)
def _colours_in(picture: Picture) -> tuple[float, float]:
    left, all_of_it, count = beside_one_tint(picture.chroma, picture.soft_luma, np.ones(PLACES, dtype=np.float32))
    return math.sqrt(max(0.0, left) / count), math.sqrt(all_of_it / count)


def _widespread(image: Fingerprint) -> float:
    """How strong the colours of more than a part are, in levels."""
    strengths = np.hypot(*picture_of(image.evidence, 0, image.fine).chroma)
    return float(np.partition(strengths, place := int(_NOT_A_PART * len(strengths)))[place])


def _has_lost_tones(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether much of it is black, or white, that has tones in the other one."""
    mine, theirs = (tones_in_order(one) for one in (image, other))
    share = _LOST_SHARES[(image.width_px, image.height_px) == (other.width_px, other.height_px)]
    ends = ((mine, theirs), (_WHITE_LEVEL - mine[::-1], _WHITE_LEVEL - theirs[::-1]))
    return any(_has_lost_end(dark, others, share) for dark, others in ends)


def _has_lost_end(mine: Floats, theirs: Floats, share: float) -> bool:
    """The same of the dark end, of tones in order."""
    black = int(np.searchsorted(mine, _END))
    if black - int(np.searchsorted(theirs, _END)) < share * len(mine):
        return False
    return float(theirs[black - 1] - theirs[int(black * _OUTLIERS)]) >= _LOST_LEVELS


def _are_alike_in_px(one: Fingerprint, other: Fingerprint) -> bool:
    return 1 / _A_FEW_MORE <= _inside_px(one) / _inside_px(other) <= _A_FEW_MORE


def _is_hardly_true(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether it has as many pixels as the other, and more detail by its size, though it was compressed far more."""
    return _are_alike_in_px(image, other) and image.quality < min(_POOR, other.quality - _FAR_MORE)


def _is_drawn(image: Fingerprint) -> bool:
    """Whether it shows little, and what is plain of it has no noise as photographs have."""
    return bool(image.fine) and exactness_of(image.fine) >= _EXACT_OF_DRAWINGS


def real_pixels(image: Fingerprint, power: float) -> float:
    """Pixels inside of the borders, as far as there is detail in them.

    Args:
        image: A picture.
        power: What is made of its detail.
    """
    detail_bits = image.detail_bits
    if is_lossless(image) and not _is_drawn(image):
        # Dither looks like detail, but there is no more in a picture than in its file. Drawings take little room.
        detail_bits = min(detail_bits, 8 * image.size_bytes / max(1, image.width_px * image.height_px))
    return _inside_px(image) * (detail_bits**power if detail_bits else 1.0)


def rank(image: Fingerprint) -> tuple[float, float, int, int, int]:
    """An order that agrees with ``better`` in what weighs most; the larger is the better."""
    worth = (1.0 if image.is_grey else _COLOUR_WORTH) * (_CAMERA_WORTH if image.is_camera else 1.0)
    worth /= _WHOLE_WORTH if image.is_cut else 1.0
    size = math.log(max(1e-9, real_pixels(image, _DETAIL_POWER_OF_LITTLE) * worth))
    return size, -sum(image.borders), image.quality, image.size_bytes, _FORMATS.index(image.format)


def _inside_px(image: Fingerprint) -> float:
    """Pixels inside of the borders, those of a line where a border may end left out."""
    left, top, right, bottom = (border + _BORDER_ERROR if border else 0.0 for border in image.borders)
    return max(1.0, image.width_px * (1 - left - right)) * max(1.0, image.height_px * (1 - top - bottom))


def _shows_more(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether some of it was cut off in another copy: that has fewer pixels, and isn't the same made smaller."""
    return _inside_px(image) > _SOME_MORE * _inside_px(other) and tones_differ(image, other)


def _file_rank(image: Fingerprint, other: Fingerprint) -> tuple[bool, int, bool, bool, bool, int, int]:
    quality, others = quality_beside(image, other), quality_beside(other, image)
    shows_more = _shows_more(image, other) and quality >= min(others, _GOOD)
    if quality == LOSSLESS and is_lossless(image) and not image.fine and _AS_GOOD <= others < LOSSLESS:
        quality = others - SAME_QUALITY - 1
    elif abs(quality - others) <= SAME_QUALITY:
        quality = min(quality, others)
    are_lossless = is_lossless(image) and is_lossless(other)
    # What has many more pixels, and no more in them, was enlarged.
    is_enlarged = _inside_px(image) > _MANY_MORE * _inside_px(other)
    # Without loss the smaller file is the better of the same pixels, not of fewer: those were cut off.
    has_more = are_lossless and _inside_px(image) > _A_FEW_MORE * _inside_px(other)
    size_bytes = -image.size_bytes if are_lossless else image.size_bytes
    is_deeper = are_lossless and image.is_deep
    return (
        shows_more,
        quality,
        not is_enlarged,
        has_more,
        is_deeper,
        size_bytes,
        _FORMATS.index(image.format),
    )

"""An image's bytes → what near-duplicate search needs to know of it.

    bytes ─▶ decode ─▶ trim borders ─▶ 16×16 lowest frequencies ─┬─▶ hashes: whole, its centre, inside of the borders
                                                                 ├─▶ evidence for the second look
                                                                 └─▶ 64-bit pHash, for databases of such hashes

A hash is 256 bits: the signs of the 16×16 lowest frequencies of the two-dimensional DCT of a grey 64×64 thumbnail (the
method of pHash, Zauner 2010, with more bits), faded out towards the edges. Bits are signs rather than comparisons with
a median, so that the hash of every orientation follows from the hash itself.
"""

import base64
import binascii
import hashlib
import math
import struct
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.borders import WHOLE_PART, inside_of
from synsift.dedupe.decode import (
    DEFAULT_MAX_PIXELS,
    FORMATS,
    Decoded,
    decode,
    decode_image,
    pixels_digest,
    translated,
)
from synsift.dedupe.detail import LOSSLESS, PIXELS, Inside
from synsift.dedupe.errors import ImageError
from synsift.dedupe.evidence import EVIDENCE_BYTES, check_evidence, is_grey, make_evidence
from synsift.dedupe.extent import Extent
from synsift.dedupe.fine import exactness_of, ground_share, make_fine, read_fine
from synsift.dedupe.frequencies import (
    HASH_BYTES,
    SIDE_PX,
    Floats,
    frequencies_of,
    hashes_of,
    oriented_hashes,
    phash_of,
    tapered_crops,
)
from synsift.dedupe.inputs import Source, name_of, read_source
from synsift.dedupe.noise import UNKNOWN, noise_step
from synsift.dedupe.sharpness import credible_share, may_be_drawn, measured_pixels
from synsift.dedupe.views import CENTRE_CROPS, INSIDE, STORED, WHOLE

VERSION: Final = 4
_VIEWS: Final = len(STORED)
_WHOLE_VIEW: Final = STORED.index(WHOLE)
_INSIDE_VIEW: Final = STORED.index(INSIDE)
_FRAMED: Final = 1 << _WHOLE_VIEW | 1 << _INSIDE_VIEW

_SHA256_BYTES: Final = 32
PLAIN_BELOW: Final = 2.0
"""Standard deviation, in grey levels, of what the hash sees of a picture. Below it the signs are those of noise and of
rounding: lower, and plain pictures collide at distance 0; higher, and faint sketches are no longer compared."""
_PLAIN_VIEW_BELOW: Final = 1.0
# Of what is plain, the share without noise from which a JPEG isn't decoded at a small scale: few photographs have that.
_DRAWN: Final = 0.8
_DRAFT_PX: Final = 512
_MOST_DETAIL_BITS: Final = 1e9
_NOISE_BIT: Final = 3
_MAY_BE_DEEP: Final = ("PNG", "TIFF")

RECORD: Final = np.dtype(
    [
        ("sha256", "u1", _SHA256_BYTES),
        ("phash", "u1", 8),
        ("hashes", "u1", (_VIEWS, HASH_BYTES)),
        ("views", "u1"),
        ("quality", "u1"),
        ("information", "<f4"),
        ("width_px", "<u4"),
        ("height_px", "<u4"),
        ("size_bytes", "<u8"),
        ("format", "S8"),
        ("evidence", "u1", EVIDENCE_BYTES),
        ("fine_bytes", "<u2"),
        ("detail_bits", "<f4"),
        ("is_camera", "?"),
        ("traits", "u1"),
    ]
)
"""The binary form of a fingerprint, little-endian, before the bytes of ``fine``. A change of it is another
``VERSION``. Bits of ``traits``: is_cut, is_deep, is_animated, from the lowest on, then five of noise; of fingerprints
that were made before there were all but the first, they are 0. Of others than PNG and TIFF the second is
is_saved_again; these are that if they have less than the best quality."""

_FIXED: Final = struct.Struct(f"<{_SHA256_BYTES}s8s{_VIEWS * HASH_BYTES}sBBfIIQ8s{EVIDENCE_BYTES}sHf?B")
"""``RECORD`` for one fingerprint at a time, where NumPy takes ten times as long."""
assert _FIXED.size == RECORD.itemsize  # noqa: S101 - they are one form


@dataclass(frozen=True, slots=True, repr=False)
class Fingerprint:
    """What is kept of an image for comparing it.

    Attributes:
        sha256: Of the file, lower-case hexadecimal.
        phash: 8 bytes: the 64-bit pHash of the whole, as ``imagehash.phash`` computes it, but for up to 4 bits.
        hashes: A perceptual hash of 32 bytes for each of ``views.STORED``, one after another.
        views: Bit ``n`` is set where hash ``n`` says something; the others are zeros.
        evidence: What the second look compares; see ``dedupe.evidence``.
        fine: A thumbnail of pictures that show little; empty of others. See ``dedupe.fine``.
        information: Standard deviation of the picture as the hash sees it, in grey levels of 255.
        width_px: Width, upright.
        height_px: Height, upright.
        format: As named by the decoder, for example ``JPEG``; ``PIXELS`` of an image or array in memory.
        size_bytes: Of the file.
        quality: How little was lost in compressing, 1…100: now, or before; see ``dedupe.earlier``.
        detail_bits: What is really there, in bits a pixel; see ``dedupe.detail``. 0 where that can't be said.
        is_camera: Whether its metadata name a camera.
        is_cut: Whether the file lacks its last bytes, and with them a few of its rows.
        is_deep: Whether it has more than eight bits a channel; of PNG and TIFF.
        is_animated: Whether it has frames after the first, which is compared.
        noise: How much noise there is, in steps; 0 where that isn't known. See ``dedupe.noise``.
        is_saved_again: Whether ``quality`` is that of a JPEG which it was before.
    """

    sha256: str
    phash: bytes
    hashes: bytes
    views: int
    evidence: bytes
    fine: bytes
    information: float
    width_px: int
    height_px: int
    format: str
    size_bytes: int
    quality: int
    detail_bits: float = 0.0
    is_camera: bool = False
    is_cut: bool = False
    is_deep: bool = False
    is_animated: bool = False
    noise: int = UNKNOWN
    is_saved_again: bool = False

    def __repr__(self) -> str:
        """Short: hashes and evidence are long."""
        plain = ", plain" if self.is_plain else ""
        return f"<Fingerprint {self.sha256[:12]}… {self.format} {self.width_px}×{self.height_px}{plain}>"

    @property
    def hash256(self) -> bytes:
        """The perceptual hash of the whole picture, 32 bytes."""
        return self.hashes[:HASH_BYTES]

    @property
    def is_plain(self) -> bool:
        """Whether the picture is too plain to hash: it is compared by SHA-256 only."""
        return self.information < PLAIN_BELOW or self.views == 0

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours to speak of."""
        return is_grey(self.evidence)

    @property
    def borders(self) -> tuple[float, float, float, float]:
        """Widths of the borders, left, top, right and bottom, as shares of the sides."""
        left, top, right, bottom = (part / 255 for part in self.evidence[:4])
        return left, top, right, bottom

    @property
    def inside_px(self) -> tuple[float, float]:
        """Width and height of what is inside of the borders."""
        left, top, right, bottom = self.borders
        return self.width_px * (1 - left - right), self.height_px * (1 - top - bottom)

    @property
    def used_views(self) -> NDArray[np.intp]:
        """Numbers of the views whose hashes say something."""
        return np.flatnonzero([self.views >> view & 1 for view in range(_VIEWS)])

    def view_hashes(self) -> NDArray[np.uint8]:
        """All hashes, ``(4, 32) uint8``; those of views that aren't used are zeros."""
        return np.frombuffer(self.hashes, dtype=np.uint8).reshape(_VIEWS, HASH_BYTES)

    @property
    def framed_hashes(self) -> bytes:
        """Hashes of the whole and of what is inside of the borders, 64 bytes; empty without borders."""
        return framed_hashes_of(self.hashes, self.views)

    def orientations(self) -> NDArray[np.uint8]:
        """Hashes of the whole picture in its eight orientations, ``(8, 32) uint8``, ordered as ``ORIENTATIONS``."""
        return np.asarray(oriented_hashes(self.view_hashes()[:1])[0])

    def to_record(self) -> bytes:
        """The stable binary form, as ``RECORD`` describes it."""
        second = self.is_deep if self.format in _MAY_BE_DEEP else self.is_saved_again
        traits = self.is_cut | second << 1 | self.is_animated << 2 | self.noise << _NOISE_BIT
        fixed = _FIXED.pack(
            *(bytes.fromhex(self.sha256), self.phash, self.hashes, self.views, self.quality, self.information),
            *(self.width_px, self.height_px, self.size_bytes, self.format.encode(), self.evidence, len(self.fine)),
            *(self.detail_bits, self.is_camera, traits),
        )
        return fixed + self.fine

    def to_text(self) -> str:
        """The stable text form: version and base64 of the binary one, for example ``2:q83v…``."""
        return f"{VERSION}:{base64.b64encode(self.to_record()).decode()}"

    @classmethod
    def from_record(cls, data: bytes) -> Self:
        """Read the binary form; it isn't trusted.

        Raises:
            ValueError: Of another length, or with a value that no picture has.
        """
        if len(data) < RECORD.itemsize:
            raise ValueError(f"a fingerprint has at least {RECORD.itemsize} bytes, not {len(data)}")
        fine = data[RECORD.itemsize :]
        sha256, phash, hashes, views, quality, information, width_px, height_px, size_bytes, kind, *rest = (
            _FIXED.unpack_from(data)
        )
        evidence, fine_bytes, detail_bits, is_camera, traits = rest
        name = kind.rstrip(b"\0").decode("ascii", errors="replace")
        may_be_deep, second = name in _MAY_BE_DEEP, bool(traits & 2)
        if len(fine) != fine_bytes:
            raise ValueError(f"a fingerprint that says it has {fine_bytes} more bytes has {len(fine)}")
        found = cls(
            sha256=sha256.hex(),
            phash=phash,
            hashes=hashes,
            views=views,
            evidence=evidence,
            fine=fine,
            information=information,
            width_px=width_px,
            height_px=height_px,
            format=name,
            size_bytes=size_bytes,
            quality=quality,
            detail_bits=detail_bits,
            is_camera=is_camera,
            is_cut=bool(traits & 1),
            is_deep=second and may_be_deep,
            is_animated=bool(traits & 4),
            noise=traits >> _NOISE_BIT,
            is_saved_again=quality < LOSSLESS if may_be_deep else second,
        )
        if found.format not in (*FORMATS, PIXELS):
            raise ValueError(f"no format is called {found.format!r}")
        if found.views >> _VIEWS or not 1 <= found.quality <= 100:
            raise ValueError("a fingerprint with views or a quality that there are not")
        if not 0 <= found.information <= 255:
            raise ValueError(f"no picture has an information of {found.information}")
        if data[RECORD.itemsize - 2] > 1:
            raise ValueError("a fingerprint that is or isn't a camera's, and says neither")
        if not 0 <= found.detail_bits < _MOST_DETAIL_BITS:
            raise ValueError(f"no picture has {found.detail_bits} bits of detail a pixel")
        check_evidence(found.evidence)
        if fine:
            read_fine(fine)
        return found

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the text form; it isn't trusted.

        Raises:
            TypeError: Not a text.
            ValueError: Another version, not base64, or a value that no picture has.
        """
        if not isinstance(text, str):
            raise TypeError(f"the text form of a fingerprint is a str, not `{type(text).__name__}`")
        version, _, encoded = text.partition(":")
        if version != str(VERSION):
            came = f"fingerprint of version {version[:20]!r}"
            raise ValueError(f"{came}; this program reads version {VERSION}: make it anew")
        try:
            return cls.from_record(base64.b64decode(encoded, validate=True))
        except binascii.Error as exc:
            raise ValueError(f"a fingerprint is base64: {exc}") from exc


def framed_hashes_of(hashes: bytes, views: int) -> bytes:
    """``Fingerprint.framed_hashes``, from its ``hashes`` and ``views``."""
    if (views & _FRAMED) != _FRAMED:
        return b""
    return b"".join(hashes[view * HASH_BYTES : (view + 1) * HASH_BYTES] for view in (_WHOLE_VIEW, _INSIDE_VIEW))


def fingerprint(source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Fingerprint:
    """Fingerprint a picture: the whole file, or its pixels.

    The same picture gives the same hashes, whichever way it comes; of JPEG, which is decoded at a reduced scale from a
    file only, all but a few bits. What comes as pixels has a SHA-256 of its pixels, their number of bytes as its size,
    and the format ``PIXELS``.

    Args:
        source: A file's bytes, its path (``str`` or ``PathLike``), an open binary file, a PIL image, or a NumPy array
            of ``uint8``: ``(h, w)`` grey, ``(h, w, 3)`` RGB, ``(h, w, 4)`` RGBA. None of it is trusted.
        max_pixels: Limit on width × height, enforced before decoding.

    Raises:
        ImageError: One of its kinds, if what is in the file can't be decoded. It names the file, if that has a name.
        TypeError: None of what is taken.
        ValueError: An array of another shape, an empty picture, a URL.
        OSError: The path can't be read.
    """
    found = read_source(source, max_pixels if isinstance(max_pixels, int) else 0)
    try:
        return _fingerprint_source(found, max_pixels)
    except ImageError as exc:
        if name := name_of(source):
            exc.args = (f"{name}: {exc}",)
        raise


def _fingerprint_source(found: bytes | Image.Image, max_pixels: int) -> Fingerprint:
    if isinstance(found, bytes):
        decoded, sha256 = decode(found, max_pixels=max_pixels), hashlib.sha256(found).hexdigest()
        with translated():  # whatever a decoder made of hostile bytes, they are to blame
            made = _fingerprint_of(decoded, sha256, len(found))
        if decoded.format == "JPEG" and _has_fine_lines(made):
            decoded = decode(found, max_pixels=max_pixels, draft_px=_DRAFT_PX)
            with translated():
                made = _fingerprint_of(decoded, sha256, len(found))
        return made
    decoded = decode_image(found, max_pixels=max_pixels)
    return _fingerprint_of(decoded, pixels_digest(found), found.width * found.height * len(found.getbands()))


def _has_fine_lines(image: Fingerprint) -> bool:
    """Whether it is drawn or written rather than a photograph, so that lines as fine as pixels are what it shows."""
    return bool(image.fine) and exactness_of(image.fine) >= _DRAWN


def _fingerprint_of(decoded: Decoded, sha256: str, size_bytes: int) -> Fingerprint:
    picture, luma = decoded.picture, decoded.luma
    part = inside_of(luma, decoded.extent)
    box = decoded.extent.within(part)
    inside = _thumbnail(luma, box)
    if part != WHOLE_PART and float(inside.std()) < PLAIN_BELOW:  # stripes of one colour each: a flag, not a frame
        part, box = WHOLE_PART, decoded.extent
        inside = _thumbnail(luma, box)
    has_border = part != WHOLE_PART
    whole = _thumbnail(luma, decoded.extent) if has_border else inside
    frequencies = frequencies_of(whole)
    of_inside = frequencies_of(inside) if has_border else frequencies
    seen = tapered_crops(whole, CENTRE_CROPS)
    if has_border:
        seen = np.concatenate([seen, tapered_crops(inside, (1.0,))])
    used, hashes = [spread >= _PLAIN_VIEW_BELOW for spread in _spreads(seen)], hashes_of(seen)
    hashes[np.logical_not(used)] = 0
    phash, evidence = phash_of(frequencies), make_evidence(of_inside, picture, part, box)
    frequencies[0, 0] = 0.0
    measured = measured_pixels(cropped := _cropped(luma, box))
    fine = make_fine(inside, ground_share(cropped.histogram()))
    real = Inside(decoded.detail_bits, decoded.quality, decoded.earlier)
    if is_saved_again := bool(decoded.earlier) and not may_be_drawn(fine):
        real = real.saved_again(decoded.format)
    return Fingerprint(
        sha256=sha256,
        phash=phash,
        hashes=hashes.tobytes().ljust(_VIEWS * HASH_BYTES, b"\0"),
        views=sum(use << number for number, use in enumerate(used)),
        evidence=evidence,
        fine=fine,
        information=_spreads(frequencies[None])[0],
        width_px=decoded.width_px,
        height_px=decoded.height_px,
        format=decoded.format,
        size_bytes=size_bytes,
        quality=real.quality,
        detail_bits=float(np.float32(real.detail_bits * credible_share(measured, fine))),
        is_camera=decoded.is_camera,
        is_cut=decoded.is_cut,
        is_deep=decoded.is_deep,
        is_animated=decoded.is_animated,
        noise=noise_step(measured),
        is_saved_again=is_saved_again,
    )


def _thumbnail(luma: Image.Image, box: Extent) -> Floats:
    """Luminance of a part as ``(64, 64)``."""
    return np.asarray(luma.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR, box=box), dtype=np.float32)


def _cropped(luma: Image.Image, box: Extent) -> Image.Image:
    """Luminance of a part as it was decoded."""
    pixels = int(box.left), int(box.top), math.ceil(box.right), math.ceil(box.bottom)
    return luma if pixels == (0, 0, *luma.size) else luma.crop(pixels)


def _spreads(frequencies: Floats) -> list[float]:
    """Standard deviations of pictures with these frequencies ``(n, 16, 16)``, in grey levels."""
    squares = np.square(frequencies).reshape(len(frequencies), -1)
    return [root / SIDE_PX for root in np.sqrt(np.add.reduce(squares, axis=1)).tolist()]

"""What the records of a stream say of a picture."""

from collections.abc import Mapping
from types import MappingProxyType

from synsift.dedupe import Fingerprint
from synsift.pipelines.records import Image


def image_record(found: Fingerprint, hashes: Mapping[str, bytes] = MappingProxyType({})) -> Image:
    """What a record says of an image."""
    return Image(
        sha256=found.sha256,
        hash=found.to_text(),
        information=round(found.information, 3),
        width_px=found.width_px,
        height_px=found.height_px,
        format=found.format,
        size_bytes=found.size_bytes,
        hashes={kind: digest.hex() for kind, digest in hashes.items()},
        is_cut=found.is_cut,
    )

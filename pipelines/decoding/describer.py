"""A describer's process: files → their local features, and features → what their pictures are to each other.

Run as ``python -m synsift.pipelines.decoding.describer``, under the limits of a decoder: it is one with other answers.
Comparing is done here, too, so that the threads of the stream have the interpreter for themselves.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from synsift.dedupe import CorruptImage
from synsift.dedupe.local.features import Features, describe
from synsift.dedupe.local.relation import Relation, Tie, relate
from synsift.pipelines.decoding.decoder import guarded, serve
from synsift.pipelines.decoding.pool import Limits, ProcessPool
from synsift.pipelines.decoding.protocol import DESCRIBED, ERROR, PART

_NO_PIXELS: Final = 0


class DescriberPool(ProcessPool):
    """Describers, started when they are first needed. Thread-safe."""

    def __init__(self, processes: int, limits: Limits) -> None:
        """Make a pool.

        Args:
            processes: Pictures described, or compared, at once.
            limits: Of one picture.
        """
        super().__init__(processes, limits, ("synsift.pipelines.decoding.describer",))
        self._comparing = Limits(_NO_PIXELS, limits.cpu_s, limits.wall_s, limits.memory_bytes)

    def describe(self, data: bytes) -> bytes:
        """The features of a picture, in their binary form.

        Raises:
            ImageError: It has none, or costs more than it may.
            DecodersUnavailable: No describer starts, whatever the picture.
        """
        kind, body = self.request(data)
        try:
            Features.from_bytes(body)
        except ValueError as exc:
            raise CorruptImage(f"the describer said {kind!r}, and {exc}") from exc
        return body

    def relate(self, query: bytes, others: Sequence[bytes]) -> list[Relation]:
        """What a picture is to each of some others, by their features.

        Raises:
            ImageError: They can't be compared.
            DecodersUnavailable: No describer starts.
        """
        if not others:
            return []
        data = b"".join(PART.pack(len(part)) + part for part in (query, *others))
        try:
            found = msgspec.json.decode(self.request(data, self._comparing)[1], type=list[Relation])
        except msgspec.MsgspecError as exc:
            raise CorruptImage(f"the describer compared, and {exc}") from exc
        if len(found) != len(others):
            raise CorruptImage(f"the describer compared {len(found)} of {len(others)} pictures")
        return found


def main() -> None:
    """Describe and compare until the standard input ends."""

    def try_all(sample: bytes) -> None:
        features = describe(sample)
        relate(features, features)

    def made(data: bytes, max_pixels: int, grant_bytes: int) -> tuple[bytes, bytes]:
        if max_pixels == _NO_PIXELS:
            try:
                return DESCRIBED, _compared(data)
            except (ValueError, struct.error) as exc:
                return ERROR, f"{CorruptImage.outcome}\0{exc}".encode()
        return guarded(
            data, max_pixels, grant_bytes, lambda: (DESCRIBED, describe(data, max_pixels=max_pixels).to_bytes())
        )

    serve(made, try_all)


def _compared(data: bytes) -> bytes:
    query, *others = (Features.from_bytes(part) for part in _parts(data))
    found = [relate(query, other) for other in others]
    return msgspec.json.encode([one if one.tie is not Tie.UNRELATED else Relation(Tie.UNRELATED) for one in found])


def _parts(data: bytes) -> Iterator[bytes]:
    begin = 0
    while begin < len(data):
        (size,) = PART.unpack_from(data, begin)
        begin += PART.size
        yield data[begin : begin + size]
        begin += size


if __name__ == "__main__":
    main()

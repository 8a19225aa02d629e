"""A real describer's process."""

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest

from synsift.dedupe import CorruptImage, ImageError, Tie, describe
from synsift.dedupe.local.points import MOST_POINTS
from synsift.pipelines.decoding.describer import DescriberPool
from synsift.pipelines.decoding.pool import Limits
from synsift.pipelines.decoding.protocol import MAX_ANSWER_BYTES
from tests.conftest import missing
from tests.dedupe.local.scenes import busy
from tests.dedupe.pictures import encoded


@pytest.fixture(scope="module")
def pool() -> Iterator[DescriberPool]:
    if importlib.util.find_spec("cv2") is None:
        missing("opencv-python-headless isn't installed")
    found = DescriberPool(1, Limits(1_000_000, cpu_s=10))
    yield found
    found.close()


def test_a_picture_is_described_as_the_library_does_it(pool: DescriberPool) -> None:
    data = encoded(busy(1), "JPEG", quality=90)
    assert pool.describe(data) == describe(data).to_bytes()


def test_pairs_are_compared_in_order(pool: DescriberPool) -> None:
    one, other, turned = (
        pool.describe(encoded(image, "PNG")) for image in (busy(1), busy(2), busy(1).rotate(33, expand=True))
    )
    found = pool.relate(one, [other, turned, one])
    assert [relation.tie for relation in found] == [Tie.UNRELATED, Tie.COPY, Tie.COPY]
    assert pool.relate(one, []) == []


def test_what_is_no_picture_or_too_large_costs_itself_alone(pool: DescriberPool) -> None:
    with pytest.raises(ImageError):
        pool.describe(b"\xff\xd8\xff no picture")
    with pytest.raises(ImageError, match="pixels"):
        pool.describe(encoded(busy(1).resize((1200, 1000)), "PNG"))
    assert pool.describe(encoded(busy(1), "PNG"))


def test_features_that_are_none_are_refused(pool: DescriberPool) -> None:
    good = pool.describe(encoded(busy(1), "PNG"))
    with pytest.raises(CorruptImage, match="features of a picture"):
        pool.relate(good, [b"no features"])
    assert len(pool.relate(good, [good])) == 1


def test_the_largest_features_fit_into_an_answer() -> None:
    loud = np.random.default_rng(1).integers(0, 256, (256, 256), dtype=np.uint8)
    features = describe(np.kron(loud, np.ones((2, 2), np.uint8)))
    assert len(features.points) == MOST_POINTS
    assert len(features.to_bytes()) < MAX_ANSWER_BYTES

"""What is a copy though a part of it is covered, and what is none though it lies under the same cover."""

import base64
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from synsift.dedupe import Fingerprint, Kind, Matcher, compare, fingerprint
from synsift.dedupe.covered import look_beside
from synsift.dedupe.evidence import EVIDENCE, EVIDENCE_BYTES
from synsift.dedupe.judgement import DEFAULT_CRITERIA, judge, judge_beside
from synsift.dedupe.second_look import Side, second_look, side_of
from synsift.dedupe.views import WHOLE
from tests.dedupe.pictures import encoded, photograph

Cover = Callable[[Image.Image], Image.Image]


# Evidence of a photograph, and of the same with a stock agency's marks all over.
MARKED = tuple(
    base64.b64decode(text)
    for text in (
        "AAUAABLupiRE3USGQwDfpS4b1Oon1wglEN0D8PkgDO0RGerlFRIFFBHsFwoUsQNX4tIw9N3U99kOHBHzGdQPLxngJicY3eTj6R/w+h9K"
        "H8PfJ/L2HRz+FhDu7A/yLSnc3Scq1CMU5hAl7hrwMyndETDq7Bjq6x4X8RAR5vAe3BY619otJtrwBdnqGx8dORok2+Ib9g/a4vIYChwL"
        "ByMa69IUJfbbFBgLGh8O3Ot/EuIdGeoF4OAnEvHw6u8UvhUI7Bjm4h4n/eoG4/IlGMIaIevtCgoi39ziERgREfMT5vAn6R4nHNXjEvgi"
        "De0RGOvnFQ3q6vMeHiP06e33EQ0ZDgwR7t4kJwjtBeQb+SxCyac0M+UZ5OkOHPCkGmDf0CHbGioC1AVCIcLbKPQYJ9XRLiBs2WDgpTTH"
        "Nj7e3xlz7oEcS9gK5tHzQOuv0Ew21g3nzzM3wek=",
        "AAAAAAmEQbBDWs+NQwDPgz0jwOAw1/I0C9Dq6ekJFfgTIejbIB3mFwrmFwz3gfh61L5DAc4d6MoHKhLsHMHmORPVIjfS1Rza5yjt9xtU"
        "KajSOObpIh0RIhjl4xPmLyrRyTIrwxEk2RIh6OTo6dTLH0bW2yvd3i4e6BYe3/PpzCZIxMg+HtcW88/jKysm3i0zwt0u5BsezOkfGBvv"
        "6ewm2MQoMeXTEh4MHyjq0N8o9dEsI9Hw1+kxFePg2Q8Zzhki6Brg2zIx4d0L3vM0GNoTMuzcFh4m5tPcGSgb9ek0zd4y5BIx2r4cJAYn"
        "DuDzLPTZFRzk1BQjJS3q1uT2F/YhGuUX6dQpOd/a590N9w8/yKc0M+US4/ACGOykGV/czSDiGSYM0wZDIcDcKvQWI9fWKx5t2V/hpDPK"
        "Mjvk3xZy64EhS9Xm4tn3PPKt0lA1zRDk0zQzwu4=",
    )
)


def of(image: Image.Image) -> Fingerprint:
    return fingerprint(encoded(image, "JPEG", quality=88))


def over(fill: str, *box: float) -> Cover:
    """A rectangle of shares of the sides over a picture: left, top, right, bottom."""

    def apply(image: Image.Image) -> Image.Image:
        out = image.copy()
        ImageDraw.Draw(out).rectangle([int(share * image.size[n % 2]) for n, share in enumerate(box)], fill=fill)
        return out

    return apply


def ribbon(image: Image.Image) -> Image.Image:
    out, (w, h) = image.copy(), image.size
    ImageDraw.Draw(out).polygon([(w * 0.55, 0), (w * 0.8, 0), (w, h * 0.27), (w, h * 0.6)], fill="#c8141e")
    return out


COVERS: dict[str, Cover] = {
    "a stripe across": over("#dc1e28", 0, 0.45, 1, 0.56),
    "a stripe down": over("black", 0.2, 0, 0.31, 1),
    "a patch at a corner": over("white", 0.66, 0.66, 1, 1),
    "a patch in the middle": over("#145ac8", 0.33, 0.33, 0.67, 0.67),
    "a ribbon": ribbon,
}
PHOTOGRAPHS = [photograph(seed) for seed in range(8)]


def looks(one: Fingerprint, other: Fingerprint) -> tuple[float, float]:
    """Scores of a second look at the wholes, and of a third one."""
    query, stored = side_of(one, WHOLE), side_of(other, WHOLE)
    agreement = second_look(query, stored, orientation=0)
    beside = look_beside(query, stored, orientation=0)
    return judge(agreement, 40).score, 0.0 if beside is None else judge_beside(agreement, beside, 40).score


@pytest.mark.parametrize("name", COVERS)
def test_a_photograph_is_a_copy_of_itself_beside_what_covers_a_part(name: str) -> None:
    both = [(of(COVERS[name](image)), of(image)) for image in PHOTOGRAPHS]
    pairs = both + [(image, covered) for covered, image in both]
    found = [max(looks(*pair)) >= DEFAULT_CRITERIA.score for pair in pairs]
    assert np.mean(found) > 0.9  # of a hundred under a stripe 94 are seen, and either of the two may be the query


def test_where_the_whole_convinces_nobody_the_rest_does() -> None:
    pairs = [(of(cover(image)), of(image)) for cover in COVERS.values() for image in PHOTOGRAPHS]
    wholes = [looks(*pair)[0] >= DEFAULT_CRITERIA.score for pair in pairs]
    assert not all(wholes)
    matchers = [(Matcher.of_reference([stored]), query) for query, stored in pairs]
    proposed = [any(True for _ in matcher.looks(query)) for matcher, query in matchers]
    found = [matcher.match(query).kind is Kind.NEAR for matcher, query in matchers]
    assert not any(near and not look for near, look in zip(found, proposed, strict=True))
    assert sum(found) > 0.9 * sum(proposed)
    assert any(is_proposed and not whole for is_proposed, whole in zip(proposed, wholes, strict=True))


@pytest.mark.parametrize("name", COVERS)
def test_strangers_under_the_same_cover_are_strangers(name: str) -> None:
    images = [of(COVERS[name](image)) for image in PHOTOGRAPHS]
    scores = [max(looks(one, other)) for one in images for other in images if one is not other]
    assert max(scores) < DEFAULT_CRITERIA.score


def test_one_frame_or_banner_around_another_photograph_makes_no_copy() -> None:
    template = photograph(50, (600, 450))
    framed, banners, halves = [], [], []
    for image in PHOTOGRAPHS:
        frame = template.copy()
        frame.paste(image.resize((420, 315)), (90, 68))
        framed.append(frame)
        banner = over("#c8141e", 0, 0.62, 1, 0.9)(image)
        ImageDraw.Draw(banner).text((20, 240), "BREAKING NEWS", fill="white", font_size=50)
        banners.append(banner)
        half = image.resize((600, 450))
        half.paste(template.crop((0, 0, 240, 450)), (0, 0))
        halves.append(half)
    for kind in (framed, banners, halves):
        images = [of(image) for image in kind]
        beside = [looks(one, other)[1] for one in images for other in images if one is not other]
        assert max(beside) < DEFAULT_CRITERIA.score


def test_more_than_a_fifth_is_no_cover() -> None:
    for image in PHOTOGRAPHS:
        assert looks(of(over("white", 0.45, 0.45, 1, 1)(image)), of(image))[1] < DEFAULT_CRITERIA.score


def test_other_hues_beside_a_stripe_are_others() -> None:
    stripe = COVERS["a stripe across"]
    for image in PHOTOGRAPHS:
        red, green, blue = image.split()
        other = Image.merge("RGB", (blue, green, red))
        assert looks(of(stripe(other)), of(image))[1] < DEFAULT_CRITERIA.score


def test_a_copy_that_is_turned_is_seen_beside_a_patch() -> None:
    turned = [COVERS["a patch at a corner"](image).transpose(Image.Transpose.ROTATE_180) for image in PHOTOGRAPHS]
    sides = [
        (side_of(of(image), WHOLE), side_of(of(other), WHOLE)) for image, other in zip(turned, PHOTOGRAPHS, strict=True)
    ]
    found = [look_beside(*pair, orientation=3) for pair in sides]
    assert all(beside is not None and beside.covered < 0.2 and beside.detail > 0.98 for beside in found)


def test_what_is_compared_says_what_is_covered() -> None:
    for image in PHOTOGRAPHS:
        stripe = of(COVERS["a stripe down"](image))
        if looks(stripe, of(image))[0] >= DEFAULT_CRITERIA.score or not compare(of(image), stripe).are_copies:
            continue
        assert any("is covered" in reason for reason in compare(of(image), stripe).reasons)
        return
    raise AssertionError("none of them was judged by what is beside the stripe")


def test_evidence_of_any_bytes_is_looked_at_beside_without_harm() -> None:
    rng = np.random.default_rng(3)
    evidence, found = of(PHOTOGRAPHS[0]).evidence, 0
    fields = EVIDENCE.fields or {}
    begin = fields["luma"][1]
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        for number in range(400):
            sides = []
            for _ in range(2):
                made = bytearray(rng.bytes(EVIDENCE_BYTES) if number % 5 == 0 else evidence)
                made[:begin] = evidence[:begin]
                if number % 2:
                    made[:4] = bytes(rng.integers(0, 127, 4).astype(np.uint8))
                for place in rng.integers(begin, EVIDENCE_BYTES, number % 12):
                    made[place] = rng.integers(0, 256)
                if number % 7 == 0:
                    made[begin:] = bytes(EVIDENCE_BYTES - begin)
                inside = tuple(rng.uniform(0, 300, 2).tolist())
                sides.append(Side(bytes(made), b"", 40.0, inside, WHOLE))
            turn = number // 8 % 8 if number % 3 else 0
            beside = look_beside(sides[0], sides[1], orientation=turn)
            if beside is not None:
                found += 1
                assert 0 <= judge_beside(second_look(*sides, orientation=turn), beside, 20).score <= 1
    assert found > 20


def test_where_marks_stand_beside_every_place_nothing_is_left_to_compare() -> None:
    sizes = (400.0, 260.8), (500.0, 333.0)
    one, other = (Side(evidence, b"", 40.0, size, WHOLE) for evidence, size in zip(MARKED, sizes, strict=True))
    assert look_beside(one, other, orientation=0) is None

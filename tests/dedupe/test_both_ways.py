"""Whether one of two pictures is a copy of the other is the same whichever of them is known, and whichever asks."""

import itertools
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe import Fingerprint, Kind, Matcher, MatchOptions, Survivors, cluster, compare, fingerprint
from synsift.dedupe import index as index_module
from synsift.dedupe.frequencies import ORIENTATIONS, undone_by
from synsift.dedupe.hash_batch import HashBatch, Proposal
from synsift.dedupe.small_scopes import SmallScopes
from synsift.dedupe.together import Together
from synsift.dedupe.verdicts import Verdict
from synsift.dedupe.views import UNCROPPED, VIEWS
from synsift.dedupe.ways import nearest_ways
from tests.dedupe.pictures import encoded, photograph
from tests.dedupe.test_lookup import pictures


def cut(left: float, top: float, right: float, bottom: float) -> Callable[[Image.Image], Image.Image]:
    """Without these shares of the sides."""

    def edit(image: Image.Image) -> Image.Image:
        width, height = image.size
        return image.crop(
            (round(width * left), round(height * top), round(width * (1 - right)), round(height * (1 - bottom)))
        )

    return edit


def screenshot(image: Image.Image) -> Image.Image:
    """The middle of a picture between bars with text, as a telephone shows it."""
    made = Image.new("RGB", (300, 480), "#fafafa")
    made.paste(cut(0.14, 0, 0.14, 0)(image).resize((300, 280)), (0, 80))
    draw = ImageDraw.Draw(made)
    draw.text((20, 20), "some.user 9:41", fill="black")
    draw.text((20, 400), "1,234 likes  A caption of some words", fill="black")
    return made


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda image: image.resize((150, 112)),
    "cropped on the left": cut(0.13, 0, 0, 0),
    "cropped on the right": cut(0, 0, 0.13, 0),
    "cropped at the top": cut(0, 0.14, 0, 0),
    "cropped at the bottom": cut(0, 0, 0, 0.14),
    "cropped at a corner": cut(0, 0.1, 0.12, 0),
    "cropped to a strip": cut(0, 0.13, 0, 0.13),
    "cropped to a column": cut(0.13, 0, 0.13, 0),
    "cropped to the middle": cut(0.14, 0.14, 0.14, 0.14),
    "a screenshot": screenshot,
    "cropped and mirrored": lambda image: ImageOps.mirror(cut(0, 0.14, 0, 0)(image)),
    "cropped and turned": lambda image: cut(0.13, 0, 0, 0)(image).rotate(90, expand=True),
    "cropped, turned the other way": lambda image: cut(0, 0, 0.1, 0.1)(image).rotate(-90, expand=True),
    "cropped and framed": lambda image: ImageOps.expand(cut(0.13, 0, 0.13, 0)(image), 20, "navy"),
    "framed": lambda image: ImageOps.expand(image, 20, "navy"),
}
TRANSFORMS = {"cropped and mirrored": "mirrored", "cropped and turned": "rotated-270"}
TRANSFORMS["cropped, turned the other way"] = "rotated-90"
OPTIONS = MatchOptions()


def of(image: Image.Image) -> Fingerprint:
    return fingerprint(encoded(image, "JPEG", quality=92))


@cache
def pair(name: str, seed: int = 3) -> tuple[Fingerprint, Fingerprint]:
    image = photograph(seed, (400, 300))
    return of(image), of(EDITS[name](image))


@cache
def crowd() -> tuple[Fingerprint, ...]:
    return tuple(of(photograph(seed, (160, 120))) for seed in range(10, 18))


def both_ways(name: str, ask: Callable[[Fingerprint, Fingerprint], Verdict], seed: int = 3) -> None:
    """That the same is said of a pair, whichever of the two is known: ``ask`` takes that one first."""
    one, other = pair(name, seed)
    there, back = ask(one, other), ask(other, one)
    assert (there.kind, back.kind) == (Kind.NEAR, Kind.NEAR)
    assert (there.of, back.of) == (one.sha256, other.sha256)
    assert there.distance_bits == back.distance_bits
    assert there.transform == TRANSFORMS.get(name, "identity")
    assert back.transform == undone_by(there.transform)


def asked(known: Fingerprint, image: Fingerprint) -> Verdict:
    matcher = Matcher()
    matcher.add(known)
    return matcher.match(image)


def asked_in_a_batch(known: Fingerprint, image: Fingerprint) -> Verdict:
    """Neither is known before both are looked up."""
    some = [*crowd()[:5], known, *crowd()[5:], image]
    matcher = Matcher()
    matcher.look_ahead(HashBatch.of(some, OPTIONS), 0, len(some))
    return [matcher.add(one) for one in some][-1]


def asked_of_rows(known: Fingerprint, image: Fingerprint) -> Verdict:
    """A state that was kept, and read again."""
    before = Matcher()
    for one in (*crowd(), known):
        before.add(one)
    state = Survivors.from_bytes(before.survivors().to_bytes())
    return Matcher.from_survivors(state, scopes=SmallScopes(OPTIONS)).match(image)


def asked_together(known: Fingerprint, image: Fingerprint, *, at_once: bool) -> Verdict:
    """Of one of two synsets that share an index; either was known before, or comes with it."""
    scopes = SmallScopes(OPTIONS)
    together, matchers = Together(scopes), [Matcher(scopes=scopes) for _ in range(2)]
    verdict = None
    for some in [(known, image)] if at_once else [(known,), (image,)]:
        batch = HashBatch.of([*crowd()[:5], *some], OPTIONS)
        together.look_ahead(batch, [matchers[0].span(0, 5), matchers[1].span(5, len(batch))])
        verdict = [matchers[1].add(one) for one in some][-1]
        together.settle()
    assert verdict is not None
    return verdict


@pytest.mark.parametrize("name", EDITS)
def test_a_matcher_says_the_same_whichever_it_knows(name: str) -> None:
    both_ways(name, asked)
    both_ways(name, lambda known, image: Matcher.of_reference([*crowd(), known]).match(image))


@pytest.mark.parametrize("name", EDITS)
def test_so_do_pictures_that_are_looked_up_at_once(name: str) -> None:
    both_ways(name, asked_in_a_batch)
    both_ways(name, lambda known, image: asked_together(known, image, at_once=False))
    both_ways(name, lambda known, image: asked_together(known, image, at_once=True))


@pytest.mark.parametrize("name", EDITS)
def test_so_does_a_state_that_was_kept(name: str) -> None:
    both_ways(name, asked_of_rows)


@pytest.mark.parametrize("bounds", [{"_MANY": 20, "_MIN_REST": 1}, {"_MIN_FOR_TABLES": 20, "_MIN_GROWTH": 1}])
def test_so_do_tables(bounds: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    for bound, value in bounds.items():
        monkeypatch.setattr(index_module, bound, value)
    # An edit of a picture each: tables of all take as long as those of one.
    seeds = {name: 20 + number for number, name in enumerate(EDITS)}
    ones, others = zip(*itertools.starmap(pair, seeds.items()), strict=True)
    of_ones, of_others = (Matcher.of_reference([*crowd(), *side]) for side in (ones, others))
    for name, seed in seeds.items():
        both_ways(name, lambda known, image: (of_ones if known in ones else of_others).match(image), seed)
        both_ways(name, asked_in_a_batch)


@pytest.mark.parametrize("name", EDITS)
def test_two_that_are_compared_are_copies_where_they_make_a_group(name: str) -> None:
    one, other = pair(name)
    there, back = compare(one, other), compare(other, one)
    assert (there.kind, there.score, there.distance_bits) == (back.kind, back.score, back.distance_bits)
    assert there.are_copies
    assert there.transform == TRANSFORMS.get(name, "identity")
    for names in ("ab", "ba"):
        assert len(cluster(dict(zip(names, (one, other), strict=True))).groups) == 1


@pytest.mark.parametrize("turns", [("mirrored",), ("flipped", "identity"), ("rotated-90", "rotated-270")])
def test_crops_are_found_in_those_orientations_that_are_looked_for(turns: tuple[str, ...]) -> None:
    options = MatchOptions(orientations=turns)
    image = photograph(3, (400, 300))
    for scopes in (None, SmallScopes(options)):
        for turn in ORIENTATIONS[:1] + turns:
            kept = cut(0, 0.14, 0, 0)(image)
            kept = ImageOps.mirror(kept) if turn == "mirrored" else ImageOps.flip(kept) if turn == "flipped" else kept
            kept = kept.rotate(90 if turn == "rotated-90" else -90, expand=True) if turn.startswith("rotated") else kept
            matcher = Matcher(options, scopes=scopes)
            matcher.add(of(kept))
            verdict = matcher.match(of(image))
            assert verdict.transform == (turn if turn in turns else None)


@pytest.mark.parametrize("options", [MatchOptions(), MatchOptions(all_crops=False)])
def test_all_that_is_proposed_is_looked_at_in_the_same_way_from_both_sides(options: MatchOptions) -> None:
    """Drawings, too, of which much is equally near: symmetric ones in several orientations."""
    some = {image.sha256: image for image in pictures() if not image.is_plain and image.views}
    some = dict(itertools.islice(some.items(), 60))
    matchers = {sha256: Matcher.of_reference([image], options) for sha256, image in some.items()}
    looks = cropped = 0
    for (first, one), (second, other) in itertools.combinations(some.items(), 2):
        there, back = list(matchers[first].looks(other)), list(matchers[second].looks(one))
        turned = [look._replace(sha256=first, transform=undone_by(look.transform)) for look in back]
        assert there == turned
        looks += len(there)
        ways = matchers[first]._lookup.proposals(other)
        cropped += any(way.seen[0] not in UNCROPPED for way in nearest_ways(ways, lambda _: True))
    assert looks > 30
    assert cropped


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_of_ways_that_are_equally_near_both_sides_take_the_same(data: st.DataObject) -> None:
    view, turn = st.integers(0, len(VIEWS) - 1), st.integers(0, 7)
    ways = data.draw(
        st.lists(st.builds(Proposal, st.just(0), st.integers(3, 5), turn, st.tuples(view, view)), min_size=1)
    )

    def turned_round(way: Proposal) -> Proposal:
        back = ORIENTATIONS.index(undone_by(ORIENTATIONS[way.orientation]))
        return way._replace(orientation=back, seen=way.seen[::-1])

    def nearest(some: list[Proposal], *, known_is_first: bool) -> Proposal:
        shuffled = data.draw(st.permutations(some))
        (found,) = nearest_ways(iter(sorted(shuffled, key=lambda way: way.distance_bits)), lambda _: known_is_first)
        return found

    there = nearest(ways, known_is_first=True)
    back = nearest([turned_round(way) for way in ways], known_is_first=False)
    assert turned_round(back) == there

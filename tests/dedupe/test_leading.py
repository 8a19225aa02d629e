"""Whichever picture of a group is kept: each other one is said to be what was found of it, step by step to that one."""

import random
from collections.abc import Iterator

import pytest
from PIL import ImageOps

from synsift.dedupe import Copy, Fingerprint, Group, Kind, Verdict, choose, cluster, fingerprint
from synsift.dedupe.clusters import Groups, led_by
from synsift.dedupe.frequencies import BACK, ORIENTATIONS
from tests.dedupe.pictures import encoded, scene

# A step between two pictures: the bits, and what turns the first into the second.
Steps = dict[tuple[str, str], tuple[int, str]]


def sha256_of(name: str) -> str:
    """Of the bytes: ``7b`` has those of ``7``."""
    return name.rstrip("b")


def drawn(seed: int) -> tuple[Group[str], Steps]:
    """A group in which each picture is near to one before it, and some come a second time."""
    rng = random.Random(seed)  # noqa: S311
    copies, steps = [], {}
    for number in range(1, rng.randint(2, 9)):
        via, bits, how = str(rng.randrange(number)), rng.randrange(60), rng.choice(ORIENTATIONS)
        copies.append(Copy(str(number), Verdict(Kind.NEAR, "0", bits, how, via=via, key="0")))
        steps[str(number), via] = bits, how
        steps[via, str(number)] = bits, BACK.get(how, how)
    names = ["0", *(copy.name for copy in copies)]
    doubles = rng.sample(names, rng.randint(0, len(names)))
    copies += [Copy(f"{name}b", Verdict(Kind.EXACT, "0", 0, "identity", key="0")) for name in doubles]
    return Group("0", copies), steps


def walked(group: Group[str], name: str) -> Iterator[tuple[str, str, Verdict]]:
    """The steps from a picture that isn't exact to the one that is kept: from, to, what is said of it."""
    said = {copy.name: copy.verdict for copy in group.copies}
    near = {sha256_of(one): one for one, verdict in said.items() if verdict.kind is Kind.NEAR}
    near[sha256_of(group.name)] = group.name
    for _ in group.copies:
        verdict = said[name]
        to = near[verdict.via or ""]
        yield name, to, verdict
        if to == group.name:
            return
        name = to
    pytest.fail(f"no way from {name} to {group.name}")


def check(group: Group[str], steps: Steps) -> None:
    for copy in group.copies:
        assert copy.verdict.of == sha256_of(group.name)
        assert copy.verdict.key == group.name
        if copy.verdict.kind is Kind.EXACT:
            assert sha256_of(copy.name) in {sha256_of(one.name) for one in group.copies if one is not copy} | {
                sha256_of(group.name)
            }
            continue
        for one, to, verdict in walked(group, copy.name):
            assert steps[sha256_of(one), sha256_of(to)] == (verdict.distance_bits, verdict.transform)
    near = [sha256_of(copy.name) for copy in group.copies if copy.verdict.kind is Kind.NEAR]
    assert sorted([sha256_of(group.name), *near]) == sorted({sha256_of(one) for pair in steps for one in pair})


@pytest.mark.parametrize("seed", range(200))
def test_what_was_found_is_said_whichever_is_kept(seed: int) -> None:
    group, steps = drawn(seed)
    rng = random.Random(seed)  # noqa: S311
    names = sorted([group.name, *(copy.name for copy in group.copies)])
    for _ in range(4):
        copy = rng.choice(group.copies)
        group = led_by(group, copy, sha256_of)
        assert group.name == copy.name
        assert sorted([group.name, *(copy.name for copy in group.copies)]) == names
        check(group, steps)


@pytest.mark.parametrize("seed", range(40))
def test_a_better_picture_that_is_near_to_a_copy_takes_the_group_over(seed: int) -> None:
    group, steps = drawn(seed)
    groups: Groups[str] = Groups(sha256_of)
    groups.take("0", Verdict(Kind.NEW))
    for copy in group.copies:
        groups.take(copy.name, copy.verdict)
    via = random.Random(seed).choice(sorted({one for pair in steps for one in pair}))  # noqa: S311
    groups.take("99", Verdict(Kind.NEAR, "0", 7, "rotated-90", replaces=True, via=via, key="0"))
    steps |= {("99", via): (7, "rotated-90"), (via, "99"): (7, "rotated-270")}
    (found,) = groups.found(int).groups
    assert found.name == "99"
    check(found, steps)


def test_a_second_copy_that_a_rule_keeps_is_no_double_of_the_original() -> None:
    """`--keep newest` kept the second of two small copies, and called the large original an exact copy of itself."""
    large = scene(1).resize((640, 480))

    def of(image: object, quality: int) -> Fingerprint:
        return fingerprint(encoded(image, "JPEG", quality=quality))  # type: ignore[arg-type]

    small = of(ImageOps.mirror(large).resize((320, 240)), 80)
    images = {"large": of(large, 90), "small": small, "small-again": small}
    found = choose(cluster(images), images, lambda name: (name != "small-again",))
    (group,) = found.groups
    said = {copy.name: (copy.verdict.kind, copy.verdict.transform, copy.verdict.via) for copy in group.copies}
    assert group.name == "small-again"
    assert said == {"large": (Kind.NEAR, "mirrored", small.sha256), "small": (Kind.EXACT, "identity", None)}

"""A set of pictures → groups of copies, whatever their order.

The best copies come first (``quality.rank``, then their names). Each joins the group of the nearest picture that leads
one, or that joined for its leader's sake; where there is none, it leads a new one. So a group's leader is its best
copy, every other picture of it is a copy of the leader or of one of its copies, and no leader is near to a better one.
A chain (A is near to B, B to C, A not to C) is one group; a longer one is cut at the third step from its best picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.matcher import DEFAULT_OPTIONS, Kind, Matcher, MatchOptions, Verdict
from synsift.dedupe.quality import rank


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture that isn't kept.

    Attributes:
        name: Of the picture.
        verdict: What relates it to the one that is.
    """

    name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """A picture that is kept, and its copies.

    Attributes:
        name: Of the best copy.
        copies: The others, the better first.
    """

    name: str
    copies: list[Copy] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Clustering:
    """All groups of a set.

    Attributes:
        groups: In the order of the names of what is kept; those without copies included.
        rejected: Near to a picture of reference.
    """

    groups: list[Group]
    rejected: list[Copy]


def cluster(
    images: Mapping[str, Fingerprint],
    options: MatchOptions = DEFAULT_OPTIONS,
    *,
    reference: Matcher | None = None,
    on_picture: Callable[[], None] = lambda: None,
) -> Clustering:
    """Group pictures.

    Args:
        images: Fingerprints by name.
        options: What counts as near.
        reference: What is near to one of its pictures is rejected.
        on_picture: Called after each.
    """
    matcher = Matcher(options, reference=reference)
    groups: dict[str, Group] = {}
    rejected: list[Copy] = []
    for name, image in sorted(images.items(), key=lambda item: ([-part for part in rank(item[1])], item[0])):
        verdict = matcher.add(image)
        if verdict.of is None:
            groups[image.sha256] = Group(name)
        elif verdict.kind is Kind.REFERENCE:
            rejected.append(Copy(name, verdict))
        else:
            groups[verdict.of].copies.append(Copy(name, verdict))
            if verdict.kind is Kind.NEAR and verdict.via == verdict.of:
                matcher.attach(image, to=verdict.of)
        on_picture()
    return Clustering(sorted(groups.values(), key=lambda group: group.name), rejected)

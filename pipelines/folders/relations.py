"""Which picture of its group a copy was compared with: the kept one, or another copy of that."""

from collections.abc import Iterator, Mapping

from synsift.dedupe import Copy, Fingerprint, Group, Kind


def related(group: Group, images: Mapping[str, Fingerprint]) -> Iterator[tuple[Copy, str]]:
    """The copies of a group, in order, each with the name of the picture that its verdict speaks of.

    Args:
        group: One of a clustering.
        images: All fingerprints, by name.
    """
    name_of = {images[group.name].sha256: group.name}
    for copy in group.copies:
        name_of.setdefault(images[copy.name].sha256, copy.name)
    for copy in group.copies:
        verdict = copy.verdict
        # The bytes are those of a picture that came before; nearness is measured to the picture ``via``.
        sha256 = images[copy.name].sha256 if verdict.kind is Kind.EXACT else verdict.via
        yield copy, name_of.get(sha256 or "", group.name)

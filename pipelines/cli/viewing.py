"""The view of what stands now, renewed, and what is said of that."""

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from synsift.pipelines.cli.console import warn

if TYPE_CHECKING:
    from synsift.pipelines.storage.compaction import Outcome, ViewedStore


def renew_view(
    objects: "ViewedStore", wnids: Collection[str] | None = None, *, anew: bool = False
) -> "tuple[Counter[Outcome], int]":
    """Renew the view, and say which synsets' manifests can't be read.

    Args:
        objects: The store.
        wnids: Of these synsets only; None for all.
        anew: Whether what is as it should be is written, too.

    Returns:
        What became of how many synsets, and how many images stand in those that were written.
    """
    from synsift.pipelines.storage.compaction import compact

    outcomes: Counter[Outcome] = Counter()
    images = 0
    for renewed in compact(objects, wnids, anew=anew):
        outcomes[renewed.outcome] += 1
        images += renewed.images
        if renewed.problem:
            warn.print(renewed.problem, style="yellow")
            warn.print(f"the view of {renewed.wnid} stays as it was", style="yellow")
            warn.print("hint: `synsift storage verify --fetch-again` writes parts of manifests anew by the log")
    return outcomes, images

"""What a crawl says whose synsets have fewer images than were wanted."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from synsift.pipelines.cli.console import warn
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.crawler.queries import SynsetQuery
    from synsift.pipelines.summary import SynsetCounts

_SHOWN: Final = 5


def tell_shortfall(queries: "Sequence[SynsetQuery]", counts: "Mapping[str, SynsetCounts]", want: int) -> None:
    """Say which synsets have fewer unique images than are wanted, the poorest first.

    Args:
        queries: What was asked for.
        counts: By synset.
        want: Images that each should have; 0 for no target.
    """
    names: dict[str, str] = {}
    for query in queries:
        if query.text and not query.text.startswith("P8814="):
            names.setdefault(query.wnid, query.text)
    have = {wnid: counts[wnid].unique if wnid in counts else 0 for wnid in names}
    short = sorted((number, wnid) for wnid, number in have.items() if number < want)
    if not short:
        return
    warn.print(
        f"{counted(len(short), 'synset has', 'synsets have')} fewer unique images than the {want:,} that are wanted: "
        "no query gave more",
        style="yellow",
    )
    for number, wnid in short[:_SHOWN]:
        warn.print(f"  {wnid} {names[wnid]}: {number:,}")
    if len(short) > _SHOWN:
        warn.print(f"  and {len(short) - _SHOWN:,} more")
    warn.print("hint: ask more sources (`synsift sources`), or in more languages (`--langs`)")

"""``synsift plan``."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from synsift.pipelines.cli.asking import (
    AllowPeople,
    Layout,
    Limit,
    ListFile,
    SourceNames,
    Targets,
    Text,
    Want,
    Wanted,
    read_asks,
)
from synsift.pipelines.cli.captions import CAPTIONS
from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.ontology import ALL_LANGS, Langs, Leaves, OntologyFile, Under
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.url_lists import layout_keys

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.image_sources import Ask


def plan(
    targets: Targets = None,
    text: Text = None,
    list_file: ListFile = None,
    layout: Layout = None,
    source: SourceNames = "commons",
    subtree: Under = None,
    leaves: Leaves = False,
    langs: Langs = ALL_LANGS,
    ontology: OntologyFile = None,
    limit: Limit = 0,
    want: Want = 0,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
    allow_people: AllowPeople = None,
) -> None:
    """Write the queries of synsets into the log, for workers to work on. Doing it again changes nothing.

    Shows for each source how many queries it will be asked, how long that takes at least by what it grants, and how
    many images it can find at most.

    [bold]Examples[/bold]

      synsift plan whippet

      synsift plan --under n01861778 --leaves --limit 1000

      synsift plan --list synsets.tsv

      synsift plan --under imagenet12 --source all --limit 10000
    """
    keys = {"store__url": out, "search__allow_people": allow_people, **layout_keys(layout, source)}
    settings = settings_of(file, values, **keys)
    wanted = Wanted(targets or [], text, list_file, source, subtree, leaves, langs, ontology, limit, want)
    asks = read_asks(wanted, settings)

    from synsift.pipelines.assembly import open_parts
    from synsift.pipelines.stages.plan import plan_asks

    parts = open_parts(settings)
    with contextlib.closing(parts.log):
        planned = plan_asks(parts.log, parts.router, asks, limit=limit, want=want)
    asked = [ask for ask in asks if ask[0] not in (CAPTIONS, "urls")]
    if asked:
        print_rows(_forecast_rows(asked, settings, limit), output, empty="nothing to ask")
    err.print(f"planned {planned.new} queries; {planned.known} were planned before")


def _forecast_rows(asks: "Sequence[Ask]", settings: "Settings", limit: int) -> Iterator[dict[str, Any]]:
    from synsift.pipelines.forecast import duration_text, forecasts
    from synsift.pipelines.image_sources import make_sources, quotas_of

    for found in forecasts(
        asks, quotas_of(settings, make_sources(settings)), limit=limit, delay_s=settings.search.delay_s
    ):
        yield {
            "source": found.source,
            "synsets": found.synsets,
            "queries": found.queries,
            "takes at least": duration_text(found.minutes),
            "finds at most": found.most or None,
        }

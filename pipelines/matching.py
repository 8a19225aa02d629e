"""What counts as near, by the configuration. Apart from the assembly: folders need neither log nor crawler."""

from pathlib import Path

from synsift.dedupe import DEFAULT_CRITERIA, ORIENTATIONS, MatchOptions
from synsift.pipelines.config import DedupeSettings
from synsift.pipelines.folders.not_copies import read_not_copies


def match_options(settings: DedupeSettings) -> MatchOptions:
    """What counts as near, by the configuration.

    Raises:
        UsageError: A file of pairs that are no copies can't be read.
    """
    criteria = DEFAULT_CRITERIA.with_score(settings.similarity)
    apart = read_not_copies(Path(file) for file in settings.not_copies)
    return MatchOptions(
        settings.radius_bits, criteria, settings.all_crops, settings.orientations or ORIENTATIONS, apart
    )

"""What a search stage needs of others: how sources are asked, as it is configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.quotas import Quota
from synsift.crawler.download.settings import Limits
from synsift.pipelines.stages.budgets import ANY_COST, Allowed


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What a search stage needs of the configuration."""

    politeness: Politeness
    patience: Patience
    limits: Limits
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    """What all workers together may ask, by source."""
    by_novelty: bool = False
    """Whether all queries are asked by what they give; else those that want so many survivors."""
    on_the_way: int = 100
    """Image URLs of a synset without an end, before more are asked for by what they give."""
    allowed: Allowed = ANY_COST
    """What synsets and sources may cost."""
    verdict_wait_s: float = 60.0
    """How long to wait for news of these."""

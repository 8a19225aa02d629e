"""What of the configuration concerns votes on candidates, and what follows from them."""

from pydantic import Field

from synsift.pipelines.config_branch import Branch
from synsift.pipelines.verification.asking import DEFAULT


class VerifySettings(Branch):
    """Batches for voters, and the stage ``verify``."""

    stages: bool = Field(
        default=False, description="Run `inherit`, `verify` and `attest` in every crawl, and with `run all`"
    )
    accept: float = Field(
        default=DEFAULT.accept, gt=0.5, lt=1, description="Accept an image that is good at least so probably"
    )
    reject: float = Field(
        default=DEFAULT.reject, gt=0, lt=0.5, description="Reject an image that is good at most so probably"
    )
    first: int = Field(default=DEFAULT.first, ge=1, le=100, description="Votes that every image gets")
    most: int = Field(default=DEFAULT.most, ge=1, le=100, description="Votes that an image gets at most")
    learn: int = Field(
        default=DEFAULT.learn, ge=0, description="Images of each synset that get 10 votes, to learn how hard it is"
    )
    budget: int = Field(default=DEFAULT.budget, ge=0, description="Most votes for a synset; 0 for any number")
    images: int = Field(default=48, ge=1, le=500, description="Images in a batch")
    gold: float = Field(
        default=0.06, ge=0, le=0.5, description="Share of each batch whose answer is known, to measure voters by"
    )
    link: str = Field(
        default="https://en.wikipedia.org/wiki/{}",
        description="Article on a synset, shown with its batches: `{}` stands for its name; empty for none",
    )
    batch: int = Field(default=2_000, ge=1, le=100_000, description="Votes in one transaction, at least")

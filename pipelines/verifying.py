"""The configuration → the stages that make verdicts of votes."""

from collections.abc import Callable, Mapping
from typing import Final

from synsift.pipelines.config import Settings
from synsift.pipelines.errors import ConfigError
from synsift.pipelines.log.base import Log
from synsift.pipelines.stage import Stage
from synsift.pipelines.stages.attest import AttestStage
from synsift.pipelines.stages.inherit import InheritStage
from synsift.pipelines.stages.verify import VerifyStage
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.topics import Router
from synsift.pipelines.verification.asking import Rule

STAGES: Final = ("inherit", "verify", "attest")


def rule_of(settings: Settings) -> Rule:
    """When it is sure enough what an image is.

    Raises:
        ConfigError: Every image would get more votes than it may have.
    """
    verify = settings.verify
    if verify.first > verify.most:
        text = f"verify.first is {verify.first}, and verify.most is {verify.most}"
        raise ConfigError(text, hint="no image may have more votes than verify.most")
    return Rule(
        accept=verify.accept,
        reject=verify.reject,
        first=verify.first,
        most=verify.most,
        learn=verify.learn,
        budget=verify.budget,
    )


def makers(settings: Settings, log: Log, router: Router, objects: ObjectStore) -> Mapping[str, Callable[[], Stage]]:
    """What makes each of these stages."""
    land, verify = settings.land, settings.verify
    return {
        "inherit": lambda: InheritStage(log, router, batch=settings.dedupe.batch),
        "verify": lambda: VerifyStage(log, router, rule=rule_of(settings), batch=verify.batch),
        "attest": lambda: AttestStage(log, router, objects=objects, batch=land.batch, linger_s=land.linger_s),
    }

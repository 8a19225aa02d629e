"""``[sources.NAME]``: what each source says of its own settings, as tables of the configuration."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, create_model

from synsift.crawler.secret import Secret
from synsift.crawler.sources.registry import is_local, registry
from synsift.crawler.sources.settings import Setting, settings_of
from synsift.pipelines.config_branch import Branch
from synsift.pipelines.config_secrets import SecretText

_MOST: Final = {"most_images": "images that came", "most_requests": "requests", "most_bytes": "bytes of images"}
_BUDGET: Final[Mapping[str, tuple[Any, Any]]] = {
    name: (int, Field(default=0, ge=0, description=f"Budget of {what} in all, all workers together; 0 for any number"))
    for name, what in _MOST.items()
}
_COMMON: Final[Mapping[str, tuple[Any, Any]]] = {
    "delay_s": (float | None, Field(default=None, ge=0, description="Instead of `search.delay_s`, at this source")),
    "concurrency": (
        int | None,
        Field(default=None, ge=1, description="Instead of `search.host_concurrency`, at this source"),
    ),
    "per_minute": (
        float | None,
        Field(default=None, gt=0, description="Most requests a minute, all workers together; else what it grants"),
    ),
    "per_day": (
        int | None,
        Field(default=None, ge=0, description="Most requests a day, all workers together; 0 for any number"),
    ),
}


class SourcesBranch(Branch):
    """Image sources."""

    def of(self, name: str) -> Mapping[str, Any]:
        """The values of a source's own settings."""
        branch = getattr(self, name)
        return {
            field: getattr(branch, field) for field in type(branch).model_fields if field not in (*_COMMON, *_BUDGET)
        }

    def pace_of(self, name: str) -> Mapping[str, Any]:
        """What is configured of how often a source may be asked; nothing of one on this machine."""
        branch = getattr(self, name)
        return {field: getattr(branch, field) for field in _COMMON if field in type(branch).model_fields}

    def budgets(self) -> dict[str, tuple[int, int, int]]:
        """Sources that may cost so much in all: images, requests, bytes; 0 for any number."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: (branch.most_images, branch.most_requests, branch.most_bytes)
            for name, branch in named.items()
            if branch.most_images or branch.most_requests or branch.most_bytes
        }


def _field(setting: Setting) -> tuple[Any, Any]:
    bounds = setting.bounds
    kind = SecretText if setting.kind is Secret else setting.kind
    found = Field(
        default=setting.default,
        description=setting.help,
        ge=bounds.get("least"),
        le=bounds.get("most"),
        pattern=bounds.get("pattern"),
    )
    return kind, found


def branch_of(name: str, source: type) -> type[Branch]:
    """The table of a source, from what its class says of its settings."""
    common = dict(_BUDGET) if is_local(source) else {**_COMMON, **_BUDGET}
    own = {setting.name: _field(setting) for setting in settings_of(source)}
    fields: dict[str, Any] = {**own, **common}
    title = re.sub(r"(?:^|_)(.)", lambda found: found[1].upper(), name)
    return create_model(f"{title}Settings", __base__=Branch, __doc__=f"The source ``{name}``.", **fields)


def _sources_branch() -> type[SourcesBranch]:
    """The table of all sources, each with the defaults of its settings."""
    tables: dict[str, Any] = {}
    for name, source in registry().classes.items():
        branch = branch_of(name, source)
        tables[name] = (branch, branch())
    return create_model("SourcesSettings", __base__=SourcesBranch, __doc__="Image sources.", **tables)


if TYPE_CHECKING:
    SourcesSettings = SourcesBranch
else:
    SourcesSettings = _sources_branch()

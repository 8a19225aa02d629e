"""What holds now of all that operators have said. Pure: a view never changes; another record gives another view.

records ──with_──▶ View ──▶ stop of a query, a URL, an image: dropped or blocked before paused; delays, limits, …
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.errors import DedupeError
from synsift.dedupe.reference import Reference
from synsift.dedupe.verdicts import DEFAULT_OPTIONS
from synsift.pipelines.control_records import Control
from synsift.pipelines.patterns import ANY, Pattern, host_target, names_of, url_target

LONGEST_DELAY_S: Final = 86_400.0
_MAX_REFERENCES: Final = 8
"""So many sets of fingerprints are looked through, before they are made one."""


class Stopped(StrEnum):
    """How an input is stopped; of those that end, the class of the dead letter."""

    PAUSED = "paused"
    DROPPED = "dropped"
    BLOCKED = "blocked"
    OVER_BUDGET = "over_budget"


ACTIONS: Final = {"drop": Stopped.DROPPED, "block": Stopped.BLOCKED, "pause": Stopped.PAUSED}
"""How a thing is stopped by what operators say of it; what ends goes before what waits."""
_NO_CONTROLS: Final[Mapping[str, Control]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an input doesn't go on.

    Attributes:
        how: Whether it waits, or ends.
        control: Who wants it, and why; None where nobody said it.
        said: Why, then.
    """

    how: Stopped
    control: Control | None = None
    said: str = ""

    @property
    def ends(self) -> bool:
        """Whether it ends as a dead letter, rather than waits."""
        return self.how is not Stopped.PAUSED

    @property
    def text(self) -> str:
        """For people."""
        found = self.control
        if found is None:
            return self.said
        return f"{found.subject} {found.target} is {self.how} by {found.who}: {found.why}"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Fingerprints that nothing must come near.

    Attributes:
        controls: By SHA-256 of the picture.
        references: To compare with, each of some of them.
    """

    controls: Mapping[str, Control] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()

    def of(self, controls: Mapping[str, Control], options: MatchOptions) -> "Blocked":
        """What blocks when these do: only what is new is read, unless something was lifted."""
        news = {key: found for key, found in controls.items() if key not in self.controls}
        gone = any(
            key not in controls or controls[key].fingerprint != old.fingerprint for key, old in self.controls.items()
        )
        if not gone and not news:
            return self if controls == self.controls else Blocked(controls, self.references)
        if gone or len(self.references) >= _MAX_REFERENCES:
            whole = _reference(controls, options)
            return Blocked(controls, (whole,) if whole else ())
        added = _reference(news, options)
        return Blocked(controls, (*self.references, added) if added else self.references)

    def near(self, image: Fingerprint) -> Control | None:
        """What a picture is near to."""
        for reference in self.references:
            found = reference.match(image, {})
            if found is not None:
                return self.controls.get(found.of)
        return None


@dataclass(frozen=True, slots=True)
class View:
    """What holds.

    Attributes:
        controls: All that was said, by key, what was lifted included.
        number: Of how many views this is the last: another number, another view.
    """

    controls: Mapping[str, Control] = field(default_factory=dict)
    number: int = 0
    options: MatchOptions = DEFAULT_OPTIONS
    _stops: Mapping[tuple[Stopped, str], Mapping[str, Control]] = field(default_factory=dict)
    _values: Mapping[tuple[str, str], Mapping[str, Control]] = field(default_factory=dict)
    _patterns: tuple[tuple[Pattern, Control], ...] = ()
    _blocked: Blocked = field(default_factory=Blocked)

    def with_(self, changes: Mapping[str, Control | None]) -> "View":
        """The view when more was said.

        Args:
            changes: By key; None for what was deleted.
        """
        controls = dict(self.controls)
        for key, control in changes.items():
            controls.pop(key, None)
            if control is not None:
                controls[key] = control
        return _view(controls, self.number + 1, self.options, self._blocked)

    # Questions.

    @property
    def is_empty(self) -> bool:
        """Whether nothing holds."""
        return not self._stops and not self._values and not self._blocked.controls

    @property
    def pauses(self) -> bool:
        """Whether anything is paused."""
        return any(how is Stopped.PAUSED for how, _ in self._stops)

    def of_query(self, wnid: str, source: str) -> Stop | None:
        """Whether a query must not go on: its synset's, or its source's."""
        if not self._stops:
            return None
        return self._first((("synset", (wnid,)), ("source", (source,))))

    def of_url(self, url: str, wnid: str) -> Stop | None:
        """Whether a URL must not be asked for: its host's, its own, or its synset's."""
        if not self._stops and not self._patterns:
            return None
        plain = url_target(url)
        for pattern, control in self._patterns:
            if pattern.matches(plain):
                return Stop(Stopped.BLOCKED, control)
        try:
            name = urlsplit(plain).hostname or ""
        except ValueError:
            name = ""
        return self._first((("url", (plain,)), ("host", tuple(names_of(name))), ("synset", (wnid,))))

    def of_image(self, image: Fingerprint) -> Stop | None:
        """Whether a picture must not come in: by its bytes, or by what it is near to."""
        found = self._stops.get((Stopped.BLOCKED, "sha256"), _NO_CONTROLS).get(image.sha256)
        if found is None:
            found = self._blocked.near(image)
        return None if found is None else Stop(Stopped.BLOCKED, found)

    @property
    def blocks_images(self) -> bool:
        """Whether any picture is blocked."""
        return bool(self._blocked.controls) or (Stopped.BLOCKED, "sha256") in self._stops

    def delay_s(self, name: str) -> float | None:
        """Time between two requests at a host, in seconds; None for what is configured."""
        delays = self._values.get(("delay", "host"))
        if not delays:
            return None
        found = next((delays[each] for each in names_of(name) if each in delays), None)
        return None if found is None else min(LONGEST_DELAY_S, max(0.0, found.value))

    @property
    def delays(self) -> Mapping[str, float]:
        """All delays of hosts, in seconds."""
        return {name: found.value for name, found in self._values.get(("delay", "host"), _NO_CONTROLS).items()}

    def limit(self, wnid: str) -> int | None:
        """Most image URLs of a synset; None for what it was planned with."""
        found = self._values.get(("limit", "synset"), _NO_CONTROLS).get(wnid)
        return None if found is None else max(0, int(found.value))

    def priority(self, wnid: str) -> float:
        """The higher goes first; 0 where nothing was said."""
        found = self._values.get(("priority", "synset"), _NO_CONTROLS).get(wnid)
        return 0.0 if found is None else found.value

    @property
    def ranks(self) -> bool:
        """Whether some synsets go before others."""
        return bool(self._values.get(("priority", "synset")))

    def _first(self, asked: Iterable[tuple[str, tuple[str, ...]]]) -> Stop | None:
        """The stop of some things; what ends goes before what waits."""
        things = tuple(asked)
        for how in ACTIONS.values():
            for subject, targets in things:
                stops = self._stops.get((how, subject), _NO_CONTROLS)
                found = next((stops[target] for target in targets if target in stops), None)
                if found is not None:
                    return Stop(how, found)
        return None


def _view(controls: Mapping[str, Control], number: int, options: MatchOptions, blocked: Blocked) -> View:
    stops: dict[tuple[Stopped, str], dict[str, Control]] = {}
    values: dict[tuple[str, str], dict[str, Control]] = {}
    patterns: list[tuple[Pattern, Control]] = []
    pictures: dict[str, Control] = {}
    for control in controls.values():
        if control.is_lifted:
            continue
        how, target = ACTIONS.get(control.action), form_of(control.subject, control.target)
        if how is None:
            values.setdefault((control.action, control.subject), {})[target] = control
        elif control.subject == "fingerprint":
            pictures[target] = control
        elif control.subject == "url" and ANY in target:
            patterns.append((Pattern(target), control))
        else:
            stops.setdefault((how, control.subject), {})[target] = control
    return View(controls, number, options, stops, values, tuple(patterns), blocked.of(pictures, options))


def form_of(subject: str, target: str) -> str:
    """A target in the form in which it is compared."""
    if subject == "host":
        return host_target(target)
    return url_target(target) if subject == "url" else target


def _reference(controls: Mapping[str, Control], options: MatchOptions) -> Reference | None:
    images: dict[str, Fingerprint] = {}
    for sha256, control in controls.items():
        try:
            image = Fingerprint.from_text(control.fingerprint)
        except (DedupeError, ValueError):
            continue  # looked at before it was taken in
        if image.sha256 == sha256:
            images[sha256] = image
    return Reference(images, (), options) if images else None

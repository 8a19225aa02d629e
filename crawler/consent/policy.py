"""Statements → one judgement, by a policy. Any no is a no; a grant never lifts another's refusal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from synsift.crawler.consent.statement import Kind, Say, Statement
from synsift.crawler.outcome import Outcome

_RECORD, _HOLD, _REFUSE = Say.SILENT, Say.HOLD, Say.NO
PROFILES: Final = ("lenient", "cautious", "strict")
_ALWAYS: Final = (_REFUSE, _REFUSE, _REFUSE)
_MEANT: Final = (_RECORD, _REFUSE, _REFUSE)
_UNCLEAR: Final = (_RECORD, _HOLD, _REFUSE)

ACTIONS: Final[Mapping[Kind, tuple[Say, Say, Say]]] = {
    Kind.GRANT: (_RECORD, _RECORD, _RECORD),
    Kind.NOAI: _ALWAYS,
    Kind.NOML: _MEANT,
    Kind.NOINDEX: _UNCLEAR,
    Kind.NOARCHIVE: (_RECORD, _RECORD, _HOLD),
    Kind.TDM: _ALWAYS,
    Kind.TDM_UNCLEAR: _UNCLEAR,
    Kind.TDM_UNREAD: _UNCLEAR,
    Kind.USAGE: _ALWAYS,
    Kind.USAGE_OLD: _MEANT,
    Kind.USAGE_UNCLEAR: _UNCLEAR,
    Kind.SIGNAL: _ALWAYS,
    Kind.SIGNAL_UNCLEAR: _UNCLEAR,
    Kind.AI_TXT: _MEANT,
    Kind.AI_TXT_UNCLEAR: _UNCLEAR,
    Kind.AI_TXT_UNREAD: (_RECORD, _RECORD, _REFUSE),
    Kind.NO_AI_TRAINING: _MEANT,
    Kind.IMG2DATASET: _MEANT,
    Kind.TRAINING_BOTS: _UNCLEAR,
    Kind.PLUS: _ALWAYS,
    Kind.PLUS_GENERATIVE: _MEANT,
    Kind.PLUS_UNCLEAR: _UNCLEAR,
    Kind.CREDENTIALS: _ALWAYS,
    Kind.CREDENTIALS_GENERATIVE: _MEANT,
    Kind.CREDENTIALS_UNCLEAR: _UNCLEAR,
    Kind.LICENCE: _MEANT,
    Kind.LICENCE_UNCLEAR: _UNCLEAR,
    Kind.LICENCE_UNREAD: _UNCLEAR,
}
"""What each profile makes of a kind that says no, or can't be told: lenient, cautious, strict."""

OUTCOMES: Final[Mapping[Kind, Outcome]] = {
    Kind.NOAI: Outcome.OPTED_OUT,
    Kind.NOML: Outcome.OPTED_OUT,
    Kind.NOINDEX: Outcome.NOINDEX,
    Kind.NOARCHIVE: Outcome.NOINDEX,
    Kind.TDM: Outcome.TDM_RESERVED,
    Kind.TDM_UNCLEAR: Outcome.TDM_RESERVED,
    Kind.TDM_UNREAD: Outcome.CONSENT_UNREAD,
    Kind.USAGE: Outcome.USAGE_DENIED,
    Kind.USAGE_OLD: Outcome.USAGE_DENIED,
    Kind.USAGE_UNCLEAR: Outcome.USAGE_DENIED,
    Kind.SIGNAL: Outcome.SIGNAL_DENIED,
    Kind.SIGNAL_UNCLEAR: Outcome.SIGNAL_DENIED,
    Kind.AI_TXT: Outcome.TRAINING_DENIED,
    Kind.AI_TXT_UNCLEAR: Outcome.TRAINING_DENIED,
    Kind.AI_TXT_UNREAD: Outcome.CONSENT_UNREAD,
    Kind.NO_AI_TRAINING: Outcome.TRAINING_DENIED,
    Kind.IMG2DATASET: Outcome.TRAINING_DENIED,
    Kind.TRAINING_BOTS: Outcome.TRAINING_DENIED,
    Kind.PLUS: Outcome.RIGHTS_RESERVED,
    Kind.PLUS_GENERATIVE: Outcome.RIGHTS_RESERVED,
    Kind.PLUS_UNCLEAR: Outcome.RIGHTS_RESERVED,
    Kind.CREDENTIALS: Outcome.RIGHTS_RESERVED,
    Kind.CREDENTIALS_GENERATIVE: Outcome.RIGHTS_RESERVED,
    Kind.CREDENTIALS_UNCLEAR: Outcome.RIGHTS_RESERVED,
    Kind.LICENCE: Outcome.LICENCE_NEEDED,
    Kind.LICENCE_UNCLEAR: Outcome.LICENCE_NEEDED,
    Kind.LICENCE_UNREAD: Outcome.LICENCE_NEEDED,
}

UNREAD: Final = frozenset({Kind.TDM_UNREAD, Kind.AI_TXT_UNREAD, Kind.LICENCE_UNREAD})
"""Files about use that are there, or should be, and can't be read."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which statements refuse an image.

    Attributes:
        profile: One of ``PROFILES``.
        refuse: Kinds that refuse, whatever the profile makes of them.
        ignore: Kinds that are only recorded.
    """

    profile: str = "cautious"
    refuse: frozenset[Kind] = frozenset()
    ignore: frozenset[Kind] = frozenset()

    @property
    def name(self) -> str:
        """What is written beside a judgement."""
        changes = [f"+{kind}" for kind in sorted(self.refuse)] + [f"-{kind}" for kind in sorted(self.ignore)]
        return " ".join([self.profile, *changes])

    def makes_of(self, statement: Statement) -> Say:
        """What a statement says of training, by this policy."""
        if statement.train not in (Say.NO, Say.HOLD) and statement.kind is not Kind.NOARCHIVE:
            return statement.train
        if statement.kind in self.ignore:
            return Say.SILENT
        if statement.kind in self.refuse:
            return Say.NO
        return ACTIONS[statement.kind][PROFILES.index(self.profile)]

    def heeds(self, kind: Kind) -> bool:
        """Whether a statement of a kind that says no ends an image."""
        return self.refuses(Statement(kind, "", "", "", Say.NO))

    def refuses(self, statement: Statement) -> bool:
        """Whether a statement alone ends an image."""
        return self.makes_of(statement) in (Say.NO, Say.HOLD)


DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What may be done with an image.

    Attributes:
        train: Whether it may be trained on.
        index: Whether it may be indexed for search.
        decisive: The statement that refuses training, or leaves it open; None if none does.
    """

    train: Say
    index: Say
    decisive: Statement | None = None

    @property
    def refuses(self) -> bool:
        """Whether the image must not be collected for training."""
        return self.train in (Say.NO, Say.HOLD)

    @property
    def outcome(self) -> Outcome:
        """How a URL ends that is refused."""
        return Outcome.NO_CONSENT if self.decisive is None else OUTCOMES[self.decisive.kind]

    @property
    def reason(self) -> str:
        """Why, for people."""
        found = self.decisive
        if found is None:
            return "nobody says that it may be used for training, and the policy asks for that"
        if found.kind in UNREAD:
            return f"{found.where} can't be read, so that nobody knows what it says of training: {found.value}"
        doubt = "" if self.train is Say.NO else ", which leaves it open whether it may be used for training"
        return f"{found.signal} of {found.where} says {found.value!r}{doubt}"


def judge(statements: Iterable[Statement], policy: Policy = DEFAULT_POLICY, *, is_all: bool = True) -> Judgement:
    """Judge an image by all that is said of it.

    Args:
        statements: From anywhere, in any order.
        policy: Which of them refuse.
        is_all: Whether nothing more can be heard: only then silence is a refusal, where the policy asks for a grant.
    """
    valid = _standing(statements)
    by_say: dict[Say, Statement] = {}
    for statement in valid:
        by_say.setdefault(policy.makes_of(statement), statement)
    index = _combined(statement.index for statement in valid)
    for say in (Say.NO, Say.HOLD):
        if say in by_say:
            return Judgement(say, index, by_say[say])
    if Say.YES in by_say:
        return Judgement(Say.YES, index)
    return Judgement(Say.NO if is_all and policy.profile == "strict" else Say.SILENT, index)


def _standing(statements: Iterable[Statement]) -> list[Statement]:
    """Those that are not replaced by another one (TDM Reservation Protocol, processing priority)."""
    found = list(dict.fromkeys(statements))
    highest = max((statement.rank for statement in found), default=0)
    return [statement for statement in found if statement.rank in (0, highest)]


def _combined(said: Iterable[Say]) -> Say:
    words = set(said)
    return next((say for say in (Say.NO, Say.HOLD, Say.YES) if say in words), Say.SILENT)

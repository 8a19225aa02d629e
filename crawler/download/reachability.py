"""Whether it is the network that is gone, rather than a host. Pure, and asks nobody: the requests themselves say it.

An answer of any host, be it an error, shows that there is a network. Without one since, only a positive sign shows that
there is none: no route, or name servers that nobody reaches, whatever name is asked for.

    before anything was answered   at the first request
    later                          at two hosts: one may have a broken zone

Hosts that refuse, hosts that say nothing and zones that are broken are sick, however many they are: at a crawl's end
there is nothing else. Nor does a host tell that failed before, and is asked again whether it is well.
"""

from typing import Final

from synsift.crawler.outcome import Outcome

_UNANSWERED: Final = frozenset({Outcome.NO_NETWORK, Outcome.CONNECTION_FAILED, Outcome.DNS_FAILED})
_HOSTS: Final = 2


class Reachability:
    """What the last requests say of the network."""

    def __init__(self, *, names_tell: bool = False) -> None:
        """Begin without a sign.

        Args:
            names_tell: Whether a name that can't be resolved tells of the network rather than of its host: those of
                image sources are known to be there.
        """
        self._names_tell = names_tell
        self._silent: set[str] = set()
        self._was_answered = False

    @property
    def is_out(self) -> bool:
        """Whether there is no network, for all that is known."""
        return len(self._silent) >= (_HOSTS if self._was_answered else 1)

    @property
    def never_was(self) -> bool:
        """Whether there is no network, and never was one: trying again at once is in vain."""
        return self.is_out and not self._was_answered

    def answered(self) -> bool:
        """Note an answer; gives whether the network is back by that."""
        was_out = self.is_out
        self._silent.clear()
        self._was_answered = True
        return was_out

    def failed(self, host: str, outcome: Outcome) -> bool:
        """Note a request that ended without an answer; gives whether the network is gone by that."""
        was_out = self.is_out
        is_sign = outcome is Outcome.NO_NETWORK or (self._names_tell and outcome is Outcome.DNS_FAILED)
        if is_sign and len(self._silent) < _HOSTS:
            self._silent.add(host)
        return self.is_out and not was_out

    def outcome_of(self, outcome: Outcome) -> Outcome:
        """The outcome of a URL that was given up: for want of a network, or for its host's sake."""
        if outcome not in _UNANSWERED:
            return outcome
        if self.is_out:
            return Outcome.NO_NETWORK
        return Outcome.CONNECTION_FAILED if outcome is Outcome.NO_NETWORK else outcome

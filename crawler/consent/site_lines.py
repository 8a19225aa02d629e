"""Lines of a robots.txt about use → what they say of a URL.

They are heard whether they are said to us, to everybody or to nobody: a wish about use is no matter of who asks. Each
group is read by its own rules first; together the strictest counts.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from synsift.crawler.consent import tdm, usage
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened
from synsift.crawler.robots.paths import PathTable, normal_path, normal_pattern
from synsift.crawler.robots.robots_file import Robots, UseLine

_SIGNAL: Final = "Content-Signal"
_PAIR: Final = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*+([^\s,;]++)")
# Ways to name training that are none of the signal's, or stand where no value can be read.
_NAMES_TRAINING: Final = re.compile(r"(?<![\w-])(?:ai[-_ ]?train(?:ing)?|train(?:ing)?[-_ ]ai)(?![\w-])", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t]+")
_TELLING: Final = 3
"""So many names of training bots that may fetch nothing say something of training as such."""
_USE_TOKENS: Final = frozenset({"google-extended", "applebot-extended"})
"""Names under which nobody fetches: to forbid them is to forbid a use."""


def statements(robots: Robots, url: str, where: str) -> list[Statement]:
    """What a robots.txt says of the use of a URL that may be fetched.

    Args:
        robots: As it was read for us.
        url: Of an image.
        where: URL of the robots.txt.
    """
    if not robots.use and not robots.named:
        return []
    path = normal_path(url)
    found = _named(robots.named, where)
    for group in ("own", "*", "none"):
        lines = _Lines.of(robots.use, group)
        found += lines.usage(path, where)
        found += lines.training(path, where)
        for line in lines.others:
            found += _of_line(line, path, where)
    return found


def licences(robots: Robots) -> list[str]:
    """Where a robots.txt says that licences stand (RSL): said to everybody, wherever the line is."""
    return list(dict.fromkeys(line.value for line in robots.use if line.name == "license" and line.value))


class _Lines:
    """Lines of one group, ready to be asked for a path."""

    def __init__(self, lines: Sequence[UseLine]) -> None:
        self.others = [line for line in lines if line.name not in ("content-usage", *_TRAINING)]
        self._usage = PathTable.of(map(_with_path, (line for line in lines if line.name == "content-usage")))
        self._training = PathTable.of(
            (normal_pattern(line.value.encode()), line.name) for line in lines if line.name in _TRAINING and line.value
        )

    @staticmethod
    @lru_cache(maxsize=256)
    def of(use: tuple[UseLine, ...], group: str) -> "_Lines":
        return _Lines([line for line in use if line.group == group])

    def usage(self, path: bytes, where: str) -> list[Statement]:
        """By the longest path, as rules are; where that leaves training open and a shorter one doesn't, it is held."""
        nearest = self._usage.longest(path)
        found = [statement for text in nearest for statement in usage.statements(text, where)]
        if nearest and all(usage.says_of_training(text) is Say.SILENT for text in nearest):
            found += [
                Statement(Kind.USAGE_UNCLEAR, usage.SIGNAL, shortened(text), where, Say.HOLD)
                for text in self._usage.all(path)
                if usage.says_of_training(text) is Say.NO
            ]
        return found

    def training(self, path: bytes, where: str) -> list[Statement]:
        names = self._training.longest(path)
        if not names:
            return []
        if "allowaitraining" in names:
            return [Statement(Kind.GRANT, "AllowAITraining", "", where, Say.YES)]
        return [Statement(Kind.NO_AI_TRAINING, "DisallowAITraining", "", where, Say.NO)]


_TRAINING: Final = ("disallowaitraining", "allowaitraining")


def _with_path(line: UseLine) -> tuple[bytes, str]:
    """The path of a ``Content-Usage`` rule, if it has one, and its preferences."""
    if not line.value.startswith("/"):
        return b"/", line.value
    path, *rest = _SPACE.split(line.value, maxsplit=1)
    return normal_pattern(path.encode()), rest[0] if rest else ""


def _of_line(line: UseLine, path: bytes, where: str) -> list[Statement]:
    if line.name == "content-signal":
        return content_signal(line.value, where)
    if line.name == "tdm-reservation":
        return [tdm.reserved("TDM-Reservation", line.value, where)] if line.value == "1" else []
    if line.name == "noindex" and PathTable.of([(normal_pattern(line.value.encode()), True)]).longest(path):
        return [Statement(Kind.GRANT, "Noindex", shortened(line.value), where, Say.SILENT, Say.NO)]
    return []


def content_signal(text: str, where: str) -> list[Statement]:
    """``Content-Signal: search=yes, ai-train=no, use=reference`` (Cloudflare). The case of letters says nothing.

    Who names training in a form that can't be read (``ai-train: no``, ``ai_train=no``) is not silent about it.
    """
    value = shortened(text)
    found = []
    if _NAMES_TRAINING.search(_PAIR.sub(lambda pair: "" if pair[1].lower() == "ai-train" else pair[0], text)):
        found.append(Statement(Kind.SIGNAL_UNCLEAR, _SIGNAL, value, where, Say.HOLD))
    for name, said in ((pair[1].lower(), pair[2].lower()) for pair in _PAIR.finditer(text)):
        if name == "ai-train":
            if said == "yes":
                found.append(Statement(Kind.GRANT, _SIGNAL, value, where, Say.YES))
            else:
                kind, say = (Kind.SIGNAL, Say.NO) if said == "no" else (Kind.SIGNAL_UNCLEAR, Say.HOLD)
                found.append(Statement(kind, _SIGNAL, value, where, say))
        elif name == "search" and said in ("yes", "no"):
            index = Say.YES if said == "yes" else Say.NO
            found.append(Statement(Kind.GRANT, _SIGNAL, value, where, Say.SILENT, index))
        elif name == "use" and said != "full":
            index = Say.YES if said == "reference" else Say.SILENT
            found.append(Statement(Kind.SIGNAL_UNCLEAR, _SIGNAL, value, where, Say.HOLD, index))
    return found


def _named(names: Iterable[str], where: str) -> list[Statement]:
    """What it says of training that bots which are not ours may fetch nothing."""
    found = set(names)
    value = shortened(", ".join(sorted(found)))
    if "img2dataset" in found:
        return [Statement(Kind.IMG2DATASET, "robots.txt", value, where, Say.NO)]
    if len(found) >= _TELLING or found & _USE_TOKENS:
        return [Statement(Kind.TRAINING_BOTS, "robots.txt", value, where, Say.HOLD)]
    return []

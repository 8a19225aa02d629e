"""The names of the commands, where each lives and its line in ``synsift --help``.

A command's module is imported when the command is invoked and not before: help must not wait for libraries that it
doesn't use. A test compares the lines with the docstrings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Home:
    """Where a command lives.

    Attributes:
        module: Beside this one.
        name: Of the function in it, or of its group of commands.
        help: Its line in the list of commands.
    """

    module: str
    name: str
    help: str


COMMANDS: Final[Mapping[str, Home]] = {
    "demo": Home("demo", "demo", "Run the whole pipeline on a small web of its own, and compare with the known truth."),
    "crawl": Home("crawl", "crawl", "Crawl images of concepts, or of a list of URLs, until nothing is left to do."),
    "plan": Home(
        "plan",
        "plan",
        "Write the queries of synsets into the log, for workers to work on. Doing it again changes nothing.",
    ),
    "synsets": Home(
        "ontology", "synsets", "Look up concepts: all senses of a name, their definitions and places in the ontology."
    ),
    "queries": Home(
        "ontology", "queries", "Show which queries `crawl` would make for synsets, the best first, and why."
    ),
    "sources": Home("sources", "app", "Show the image sources: limits, keys, licences, terms; and ask one a question."),
    "dedupe": Home("dedupe", "dedupe", "Find the copies in folders, and say which one of each group to keep."),
    "undo": Home("undo", "undo", "Move copies back to where `dedupe --move` took them from."),
    "match": Home("folders", "match", "Say for each image which image of a set it is a copy of, if any."),
    "fingerprint": Home(
        "folders",
        "fingerprint",
        "Fingerprint images. A file of fingerprints stands for its images in `match --against` and"
        " `dedupe --reference`.",
    ),
    "calibrate": Home(
        "calibrate",
        "calibrate",
        "Measure recall and false matches on your own images, and propose the threshold that fits them.",
    ),
    "run": Home("run", "run", "Run a worker: some stages, or all, until it is told to stop."),
    "status": Home("status", "status", "Show how far every stage and every synset is."),
    "fleet": Home("fleet", "fleet", "Serve a page that shows live what a fleet does, until Ctrl-C."),
    "relations": Home(
        "relations",
        "relations",
        "Show what images of a crawl are to each other, by local features (`crawl --thorough`).",
    ),
    "conflicts": Home(
        "conflicts",
        "conflicts",
        "Show pictures that stand under two synsets, the same or as copies: one of the two labels is probably wrong.",
    ),
    "verify": Home("verify", "app", "Ask people which candidates are right, and see what follows."),
    "review": Home(
        "review",
        "review",
        "Serve a page on which people vote on the candidates of a crawl, by keyboard, mouse or phone, until Ctrl-C.",
    ),
    "votes": Home("votes", "app", "Send batches to other services, and take votes in from anywhere."),
    "stats": Home(
        "stats",
        "stats",
        "Measure a data set as ImageNet's paper does: images a synset, precision, coverage, diversity; and raise"
        " alarms.",
    ),
    "export": Home(
        "export",
        "export",
        "Write the images of a store in a form that trainers load, with a line of credit for each in `CREDITS`.",
    ),
    "leaks": Home(
        "leaks",
        "leaks",
        "Find images of a test set that stand in a training set, too: the same files, and copies of them.",
    ),
    "config": Home("config", "config", "Show every key of the configuration, its value and where that came from."),
    "pause": Home(
        "steer",
        "pause",
        "Let hosts, sources or synsets wait: what they are to be asked stays in the log until `synsift resume`.",
    ),
    "resume": Home("steer", "resume", "Let what is paused or dropped go on."),
    "drop": Home(
        "steer",
        "drop",
        "Ask nothing more of hosts, sources or for synsets: what waits for them ends as a dead letter, `dropped`.",
    ),
    "block": Home(
        "steer",
        "block",
        "Keep hosts, URLs or pictures out: what comes of them ends as a dead letter, `blocked`.",
    ),
    "unblock": Home(
        "steer",
        "unblock",
        "Let in again what was blocked. What ended as `blocked` comes back by `synsift dead-letters replay`.",
    ),
    "remove": Home(
        "remove",
        "remove",
        "Take images down: all copies in any disguise leave the store and its tables, and never come back.",
    ),
    "delay": Home(
        "steer",
        "delay",
        "Set the time between two requests at a host. A Crawl-delay of the host's own is kept all the same.",
    ),
    "limit": Home(
        "steer",
        "limit",
        "Set how many image URLs a synset may get, instead of the `--limit` that it was planned with.",
    ),
    "priority": Home(
        "steer",
        "priority",
        "Let synsets go before others, in search and in fetch, as far as politeness lets them.",
    ),
    "controls": Home(
        "steer",
        "controls",
        "Show what operators have said: what is paused, dropped, blocked or set, by whom, and why.",
    ),
    "dead-letters": Home("dead_letters", "app", "List what failed, and try it again."),
    "identity": Home("identity", "app", "Make the key that signs requests, and show what to publish of it."),
    "log": Home("log", "app", "Check the log, and rescue a damaged one."),
    "storage": Home("storage", "app", "Check the store, and free its space."),
    "topics": Home("topics", "app", "Make and check the topics of a log on Kafka."),
}

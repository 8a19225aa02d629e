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
    "demo": Home("demo", "demo", "Run the real pipeline on a small web of pictures with known truth, and compare."),
    "crawl": Home("crawl", "crawl", "Plan and run all stages in one process, until nothing is left to do."),
    "plan": Home(
        "crawl",
        "plan",
        "Write the queries of synsets into the log, for workers to ask. Planning twice changes nothing.",
    ),
    "synsets": Home(
        "ontology",
        "synsets",
        "Look concepts up: their names, definitions and places in the ontology. All senses of a name are shown.",
    ),
    "queries": Home(
        "ontology",
        "queries",
        "Show what would be asked for synsets, best first, and why. `crawl` and `plan` ask just that.",
    ),
    "dedupe": Home(
        "dedupe", "dedupe", "Find the copies in folders, in any disguise, and say which of each group to keep."
    ),
    "match": Home(
        "folders",
        "match",
        "Say of each image which one of a set it is a copy of: one line an image, `match` null where it is of none.",
    ),
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
    "config": Home("config", "config", "Show every key of the configuration, its value and where that came from."),
    "dead-letters": Home("dead_letters", "app", "Inputs that could not become outputs: list them, try them again."),
    "log": Home("log", "app", "The log: read it whole and check it, make a new one of a damaged one."),
    "storage": Home("storage", "app", "The object store."),
    "topics": Home("topics", "app", "The topics of a fleet's log on Kafka."),
}

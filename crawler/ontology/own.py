"""A team's own ontology, read from a file and checked whole before use.

CSV       id,names,definition,parents,translations.es,…      several values in a cell with ``|`` between them
JSON      an array of objects {"id", "names", "definition", "parents", "translations": {"es": […]}}
JSONL     one such object a line

``names`` and ``parents`` of an object may be a text or a list of texts, and its ``children`` are objects like it. Only
``id`` and ``names`` must be there. Files are taken as other programs leave them: commas, semicolons or tabs between
cells, UTF-8 or UTF-16, the array as the one value of an object; columns in capitals, or called ``name``, ``label``,
``labels``, ``parent`` or ``description``.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from synsift.crawler.errors import OntologyError
from synsift.crawler.ontology.base import Synset, is_identifier, normal, tidy
from synsift.crawler.outside_json import loads, next_value
from synsift.crawler.outside_text import NotText, text_of

_FIELDS: Final = ("id", "names", "definition", "parents", "translations")
_PREFIX: Final = "translations."
_CHILDREN: Final = "children"
_ALSO: Final = {
    "name": "names",
    "label": "names",
    "labels": "names",
    "parent": "parents",
    "parentid": "parents",
    "parentids": "parents",
    "description": "definition",
}
_DELIMITERS: Final = (",", ";", "\t")
_DELIMITER_SAID: Final = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)  # as spreadsheets write it
_KEY: Final = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:\s*(?=\[)')
_MAX_BYTES: Final = 256 << 20


@dataclass(slots=True)
class _Entry:
    place: str
    wnid: str
    names: tuple[str, ...]
    definition: str = ""
    parents: tuple[str, ...] = ()
    translations: dict[str, tuple[str, ...]] = field(default_factory=dict)


class OwnOntology:
    """The concepts of a file."""

    def __init__(self, entries: Sequence[_Entry]) -> None:
        children: dict[str, list[str]] = defaultdict(list)
        for entry in entries:
            for parent in entry.parents:
                children[parent].append(entry.wnid)
        self._synsets = {
            entry.wnid: Synset(
                wnid=entry.wnid,
                lemmas=entry.names,
                definition=entry.definition,
                parents=entry.parents,
                children=tuple(children[entry.wnid]),
            )
            for entry in entries
        }
        self._names = {entry.wnid: {"en": entry.names, **entry.translations} for entry in entries}
        self._senses: dict[tuple[str, str], list[str]] = defaultdict(list)
        for wnid, by_lang in self._names.items():
            for lang, names in by_lang.items():
                for name in dict.fromkeys(map(normal, names)):
                    self._senses[(lang, name)].append(wnid)

    def __contains__(self, wnid: object) -> bool:
        return wnid in self._synsets

    def __iter__(self) -> Iterator[str]:
        return iter(self._synsets)

    def __len__(self) -> int:
        return len(self._synsets)

    def get(self, wnid: str) -> Synset:
        """The concept of an identifier. ``KeyError`` if there is none."""
        return self._synsets[wnid]

    def senses(self, lemma: str, lang: str = "en") -> Sequence[str]:
        """Identifiers of all concepts of a name, in the order of the file."""
        return self._senses.get((lang, normal(lemma)), [])

    def translations(self, wnid: str, lang: str) -> Sequence[str]:
        """Names of a concept in a language."""
        return self._names[wnid].get(lang, ()) if wnid in self._names else ()


def read_ontology(path: Path) -> OwnOntology:
    """Read and check an ontology.

    Raises:
        OntologyError: It can't be read, or something in it is wrong; all problems are named, each with its line.
    """
    readers = {".csv": _read_csv, ".tsv": _read_csv, ".json": _read_json, ".jsonl": _read_jsonl, ".ndjson": _read_jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise OntologyError([f"{path}: an ontology is a file `.csv`, `.tsv`, `.json` or `.jsonl`: save a table as CSV"])
    problems: list[str] = []
    entries: list[_Entry] = []
    for place, found in reader(_read_text(path), path):
        if isinstance(found, str):
            problems.append(f"{place}: {found}")
            continue
        for record in _with_children(found):
            entry, wrong = _entry(place, record)
            problems += [f"{place}: {problem}" for problem in wrong]
            if entry is not None:
                entries.append(entry)
    problems += _check(entries)
    if not entries and not problems:
        problems.append(f"{path}: there are no concepts in it")
    if problems:
        raise OntologyError(problems)
    return OwnOntology(entries)


def _read_text(path: Path) -> str:
    try:
        return text_of(path, _MAX_BYTES)
    except OSError as exc:
        raise OntologyError([f"{path}: {exc.strerror or exc}"]) from exc
    except NotText as exc:
        raise OntologyError([exc.told_of(path)]) from exc


def _field(name: str) -> str:
    """The field that a column or a key is, as it is called here."""
    plain = re.sub(r"[\s_-]", "", name).lower()
    return _ALSO.get(plain, plain)


_Rows = Iterator[tuple[str, Mapping[str, Any] | str]]
"""Where a record stands, and the record, or what is wrong with it."""


def _read_csv(text: str, path: Path) -> _Rows:
    said = _DELIMITER_SAID.match(text)
    line = text.partition("\n")[0]
    delimiter = said[1] if said else max(_DELIMITERS, key=line.count)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        if said:
            next(rows)
        named = next(rows, [])
        head = [_field(name) for name in named]
        known = (*_FIELDS[:4], "")
        unknown = [name for name in named if _field(name) not in known and not _field(name).startswith(_PREFIX)]
        twice = [name for name in _FIELDS[:4] if head.count(name) > 1]
        if "id" not in head or "names" not in head or unknown or twice:
            wrong = f"unknown column {unknown[0]!r}" if unknown else "no columns 'id' and 'names'"
            wrong = f"two columns are {twice[0]!r}" if twice else wrong
            yield f"{path}:1", f"{wrong}; the columns are {', '.join(_FIELDS[:4])} and translations.es, …"
            return
        for row in rows:
            place = f"{path}:{rows.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            while len(row) > len(head) and not row[-1].strip():
                row.pop()
            if any(cell.strip() for name, cell in zip(head, row, strict=False) if not name):
                yield place, "a cell stands under a column without a name"
                continue
            if len(row) > len(head):
                yield place, f"{len(row)} cells under {len(head)} columns"
                continue
            cells = dict(zip(head, row, strict=False))
            record: dict[str, Any] = {name: cells[name] for name in _FIELDS[:4] if name in cells}
            for name in ("names", "parents"):
                record[name] = [part for part in record.get(name, "").split("|") if part.strip()]
            record["translations"] = {
                name.removeprefix(_PREFIX): [part for part in cell.split("|") if part.strip()]
                for name, cell in cells.items()
                if name.startswith(_PREFIX)
            }
            yield place, record
    except csv.Error as exc:
        yield f"{path}:{rows.line_num}", f"not CSV: {exc}"


def _read_jsonl(text: str, path: Path) -> _Rows:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = loads(line)
        except ValueError as exc:
            yield f"{path}:{number}", f"not JSON: {exc}"
            continue
        yield f"{path}:{number}", found if isinstance(found, dict) else "not an object"


def _read_json(text: str, path: Path) -> _Rows:
    """Item by item, so that each problem has its line."""
    if (root := _root_of(text)) is not None:
        yield f"{path}:1", root
        return
    at = _begin_of_array(text)
    if at < 0:
        yield f"{path}:1", "not an array of objects"
        return
    line, counted = 1, 0
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        place = f"{path}:{line}"
        try:
            found, at = next_value(text, at)
        except ValueError as exc:
            yield place, f"not JSON: {exc}"
            return
        yield place, found if isinstance(found, dict) else "not an object"
        at = _skip(text, at)
        if text[at : at + 1] not in (",", "]"):
            yield place, "not JSON: no comma or closing bracket behind this object"
            return
        if text[at] == ",":
            at = _skip(text, at + 1)
    rest = "".join(text[at + 1 :].split())
    if rest != ("}" if text[_skip(text, 0)] == "{" else ""):
        yield f"{path}:{1 + text.count(chr(10), 0, at)}", "something stands behind the array of objects"


def _root_of(text: str) -> dict[str, Any] | None:
    """The one object of a file that is a concept itself, as the root of a tree is; None of others."""
    if text[_skip(text, 0) :][:1] != "{" or _KEY.match(text, _skip(text, 0)):
        return None
    try:
        found = next_value(text, _skip(text, 0))
    except ValueError:
        return None
    is_all = _skip(text, found[1]) == len(text)
    return found[0] if is_all and any(_field(name) == "id" for name in found[0]) else None


def _begin_of_array(text: str) -> int:
    """Where the first object of an array stands, which may be the one value of an object; -1 if there is none."""
    at = _skip(text, 0)
    if text[at : at + 1] == "{" and (key := _KEY.match(text, at)):
        at = key.end()
    return _skip(text, at + 1) if text[at : at + 1] == "[" else -1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _with_children(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An object, and those that are its children, each with it as one more parent."""
    waiting = [record]
    while waiting:
        one = waiting.pop()
        children = next((value for name, value in one.items() if _field(name) == _CHILDREN), None)
        if children is None and any(_field(name) == _CHILDREN for name in one):
            children = []
        if not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
            yield one  # a field that is unknown, if it is there
            continue
        yield {name: value for name, value in one.items() if _field(name) != _CHILDREN}
        above = next((value for name, value in one.items() if _field(name) == "id"), None)
        for child in reversed(children):
            given = next((name for name in child if _field(name) == "parents"), "parents")
            before = child.get(given) or []
            waiting.append({**child, given: [*(before if isinstance(before, list) else [before]), str(above)]})


def _entry(place: str, record: Mapping[str, Any]) -> tuple[_Entry | None, list[str]]:
    problems = [f"unknown field {name!r}" for name in record if _field(name) not in _FIELDS]
    problems += [f"{name!r} stands there twice" for name in _FIELDS if sum(_field(one) == name for one in record) > 1]
    record = {_field(name): value for name, value in record.items()}
    wnid = record.get("id")
    if isinstance(wnid, int) and not isinstance(wnid, bool):
        wnid = str(wnid)
    if not isinstance(wnid, str) or not is_identifier(wnid.strip()):
        return None, [*problems, f"{wnid!r} is no id: letters, digits, '.', '_' and '-', at most 64"]
    names, parents = _texts(record.get("names", [])), _texts(record.get("parents", []))
    definition = record.get("definition") or ""
    translations = record.get("translations") or {}
    if not names:
        problems.append(f"{wnid!r} has no names")
    if parents is None:
        problems.append(f"the parents of {wnid!r} are not a list of texts")
    if not isinstance(definition, str):
        problems.append(f"the definition of {wnid!r} is not a text")
    by_lang = (
        {lang: _texts(values) for lang, values in translations.items()} if isinstance(translations, dict) else None
    )
    if by_lang is None or None in by_lang.values():
        problems.append(f"the translations of {wnid!r} are not lists of texts by language")
    entry = _Entry(
        place=place,
        wnid=wnid.strip(),
        names=names or (),
        definition=definition if isinstance(definition, str) else "",
        parents=tuple(dict.fromkeys(parents or ())),
        translations={lang: values for lang, values in (by_lang or {}).items() if values},
    )
    return entry, problems


def _texts(value: object) -> tuple[str, ...] | None:
    """A text or a list of texts, spaces tidied; None for anything else."""
    if value is None:
        return ()
    given: list[object] = value if isinstance(value, list) else [value]
    values = [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in given]
    texts = [item for item in values if isinstance(item, str)]
    return tuple(name for item in texts if (name := tidy(item))) if len(texts) == len(values) else None


def _check(entries: Sequence[_Entry]) -> list[str]:
    """What is wrong between concepts: identifiers given twice, unknown parents, cycles."""
    problems: list[str] = []
    first: dict[str, _Entry] = {}
    for entry in entries:
        if entry.wnid in first:
            problems.append(f"{entry.place}: id {entry.wnid!r} stands already at {first[entry.wnid].place}")
        else:
            first[entry.wnid] = entry
    for entry in entries:
        problems += [
            f"{entry.place}: parent {p!r} of {entry.wnid!r} is unknown" for p in entry.parents if p not in first
        ]
    problems += _cycles(first)
    return problems


def _cycles(entries: Mapping[str, _Entry]) -> list[str]:
    """Each cycle once, shown from the concept that stands first in the file."""
    problems: list[str] = []
    done: set[str] = set()
    for start in entries:
        path: list[str] = []
        stack = [(start, iter(entries[start].parents))] if start not in done else []
        on_path = {start}
        path.append(start)
        while stack:
            wnid, parents = stack[-1]
            following = next((parent for parent in parents if parent in entries and parent not in done), None)
            if following is None:
                stack.pop()
                done.add(wnid)
                on_path.discard(path.pop())
            elif following in on_path:
                circle = [*path[path.index(following) :], following]
                problems.append(f"{entries[following].place}: a cycle of parents: {' → '.join(circle)}")
            else:
                path.append(following)
                on_path.add(following)
                stack.append((following, iter(entries[following].parents)))
    return problems

"""What is wrong with a configuration, in words: the key as the user wrote it, the value, what is allowed."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

ENV_PREFIX: Final = "SYNSIFT_"
OWN_VARIABLES: Final = frozenset(
    {
        "SYNSIFT_CONFIG",  # names the TOML file
        "SYNSIFT_SERVICES_CACHE",  # where deploy/local/services.py keeps its servers
        "SYNSIFT_TEST_SEED",  # repeats a test of chance
    }
)
"""Variables of ours that hold no key."""

# Nearer, and typing errors of two letters in a short name pass unseen; farther, and other people's variables are ours.
_ALIKE: Final = 0.8
_NEAR: Final = 0.6
_ALL_KEYS: Final = "`synsift config` lists all keys"
_OTHERWISE: Final = "must be written otherwise"
_ESCAPED: Final = re.compile(r"\\(.)")
_SECRET: Final = ("secret", "password")
_CHOICES: Final = re.compile(r"\^\(([^()]*)\)\$")


def variable_of(key: str) -> str:
    """The environment variable of a key."""
    return ENV_PREFIX + key.replace(".", "__").replace('"', "").upper()


def is_ours(variable: str, keys: Iterable[str]) -> bool:
    """Whether a variable means a key, be it a misspelt one.

    Two underscores are our mark between table and key: what has them is ours. What has none is ours if it looks like
    a key whose mark was forgotten; else it belongs to somebody else, and is left alone.
    """
    if not variable.startswith(ENV_PREFIX) or variable in OWN_VARIABLES:
        return False
    if "__" in variable or variable.removeprefix(ENV_PREFIX).lower() in {key.partition(".")[0] for key in keys}:
        return True
    return bool(_alike(variable, keys))


def unknown_variable(variable: str, keys: Collection[str]) -> tuple[str, str]:
    """What to say of a variable that means no key, and a hint."""
    near = _alike(variable, keys)
    if not near and (key := nearest(variable.removeprefix(ENV_PREFIX).lower().replace("__", "."), keys)):
        near = [variable_of(key)]
    hint = f"did you mean `{near[0]}`?" if near else _ALL_KEYS
    return f"the environment variable `{variable}` means no key of the configuration", hint


def unknown_key(place: str, key: str, keys: Collection[str]) -> tuple[str, str]:
    """What to say of a key that doesn't exist, and a hint."""
    near = nearest(key, keys)
    return f"{place}: there is no key `{key}`", f"did you mean `{near}`? {_ALL_KEYS}" if near else _ALL_KEYS


def wrong_value(place: str, key: str, error: Mapping[str, Any], meaning: str = "") -> str:
    """What to say of a value that pydantic refused.

    Args:
        place: The key as the user wrote it, and where.
        key: Its name.
        error: One of pydantic's.
        meaning: What it is for, where no choices are left to name.
    """
    if any(word in key for word in _SECRET):
        return f"{place}: {problem_of(error)}"
    problem = problem_of(error)
    if problem == _OTHERWISE and meaning:
        problem = f"{problem} ({meaning})"
    return f"{place}: {problem}, not `{_as_written(error['input'])}`"


def problem_of(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in our words: what is allowed."""
    kind, context = str(error["type"]), error.get("ctx", {})
    limits = {"greater_than_equal": "ge", "greater_than": "gt", "less_than_equal": "le", "less_than": "lt"}
    if kind in limits:
        words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
        name = limits[kind]
        return f"must be {words[name]} {context[name]:g}"
    if kind == "string_pattern_mismatch":
        return _choices(str(context["pattern"]))
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    for start, words_of_kind in _KINDS:
        if kind.startswith(start):
            return words_of_kind
    message = str(error["msg"])
    return message[:1].lower() + message[1:]


_KINDS: Final = (
    ("int_", "must be a whole number"),
    ("float_", "must be a number"),
    ("finite_number", "must be a number"),
    ("bool_", "must be true or false"),
    ("string_type", "must be a text"),
    ("tuple_type", "must be a list"),
    ("list_type", "must be a list"),
    ("model_", "must be a table"),
    ("dict_", "must be a table"),
)


_HEADER: Final = re.compile(r"""\s*\[((?:"[^"]*"|'[^']*'|[^\[\]"'])+)\]""")
_PARTS: Final = re.compile(r""""([^"]*)"|'([^']*)'|([^\s"']+)""")


def line_of(text: str, key: str) -> int | None:
    """The line of a TOML text that sets a key; None if it isn't found, for example in an inline table."""
    key = key.replace('"', "")
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = "".join(double or single or bare for double, single, bare in _PARTS.findall(header[1]))
            continue
        name = re.match(r"\s*([\w.\-\"' ]+?)\s*=", line)
        if name and ".".join(filter(None, (table, name[1].replace('"', "").replace("'", "")))) == key:
            return number
    return None


def _choices(pattern: str) -> str:
    """What a pattern of choices allows; expressions of other patterns are no words for people."""
    found = _CHOICES.fullmatch(pattern)
    if found is None:
        return _OTHERWISE
    choices = [_ESCAPED.sub(r"\1", choice) for choice in found[1].split("|")]
    named = [f"`{choice}`" for choice in choices if choice]
    empty = " or empty" if "" in choices else ""
    return "must be " + ("one of " if len(named) > 1 else "") + ", ".join(named) + empty


def _as_written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)[:200]


def nearest(key: str, keys: Collection[str]) -> str:
    """The key that was probably meant; empty if none is near."""
    # A key in the wrong table is likelier than a word that looks alike, and that likelier in the same table.
    table, _, name = key.rpartition(".")
    same_name = [other for other in sorted(keys) if other.rpartition(".")[2] == name]
    if same_name:
        return same_name[0]
    names = [other.rpartition(".")[2] for other in sorted(keys) if other.rpartition(".")[0] == table]
    near = [f"{table}.{one}" for one in difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)]
    return next(iter(near or difflib.get_close_matches(key, sorted(keys), n=1, cutoff=_ALIKE)), "")


def _alike(variable: str, keys: Iterable[str]) -> list[str]:
    """The variable that was probably meant."""
    names = {variable_of(key).replace("__", "_"): variable_of(key) for key in keys}
    names |= {own: own for own in OWN_VARIABLES}
    near = difflib.get_close_matches(variable.upper().replace("__", "_"), sorted(names), n=1, cutoff=_ALIKE)
    return [names[name] for name in near]

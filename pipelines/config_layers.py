"""The layers of the configuration as they are written: a TOML file, environment variables. Knows no key's meaning."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from synsift.crawler.outside_json import loads
from synsift.pipelines.config_words import ENV_PREFIX, is_ours, line_of
from synsift.pipelines.errors import ConfigError

# The beginning of an address of version 6 with a port, which is no list.
_ADDRESS: Final = re.compile(r"\s*\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%\w+)?\]:\d")
DEFAULT_FILES: Final = (Path("synsift.toml"), Path("~/.config/synsift/synsift.toml"))


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one origin.

    Attributes:
        origin: The file's name, ``environment`` or ``option``.
        values: By dotted key.
        places: Dotted key → the key as the user wrote it, and where.
    """

    origin: str
    values: Mapping[str, Any]
    places: Mapping[str, str]


def find_file(file: Path | None, env: Mapping[str, str]) -> Path | None:
    """The TOML file to read: named by an option, by ``SYNSIFT_CONFIG``, or the first default that exists."""
    named = file or (Path(env["SYNSIFT_CONFIG"]) if env.get("SYNSIFT_CONFIG") else None)
    candidates = [named] if named is not None else DEFAULT_FILES
    for candidate in candidates:
        try:
            path = candidate.expanduser()
        except RuntimeError:  # nobody has a home, as in a container
            path = candidate
        if named is not None or os.path.lexists(path):  # what is there and no file, is said to be none
            return path
    return None


def toml_layer(path: Path | None) -> Layer:
    """Values of a TOML file.

    Raises:
        ConfigError: It can't be read, or is no TOML.
    """
    if path is None:
        return Layer("", {}, {})
    try:
        text = path.read_bytes().decode("utf-8-sig")
        values = _flatten(tomllib.loads(text))
    except OSError as exc:
        raise ConfigError(f"`{path}`: {(exc.strerror or str(exc)).lower()}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"`{path}` is not UTF-8", hint="TOML is always UTF-8: save it as that") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"`{path}`: {exc}") from exc
    except ValueError as exc:
        raise ConfigError(f"`{path}` has a number of too many digits") from exc
    except RecursionError as exc:
        raise ConfigError(f"`{path}` is nested too deep") from exc
    places = {}
    for key in values:
        number = line_of(text, key)
        places[key] = f"{path}, line {number}: `{key}`" if number is not None else f"{path}: `{key}`"
    return Layer(str(path), values, places)


def environment_layer(env: Mapping[str, str], known: Mapping[str, Any]) -> Layer:
    """Values of ``SYNSIFT_TABLE__KEY`` variables. A misspelt one must not go unseen."""
    names = {
        name.removeprefix(ENV_PREFIX).lower().replace("__", "."): name for name in env if is_ours(name, known.keys())
    }
    values = {key: env[name] for key, name in names.items()}
    return Layer("environment", values, {key: f"`{name}`" for key, name in names.items()})


def as_list(value: object) -> object:
    """A list as it is written in a variable or an option: with commas, or as JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("[") and not _ADDRESS.match(value):
        try:
            return loads(value)
        except ValueError:
            return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat

"""The settings of a source, written once: beside it, as fields of its class.

    page_size: int = setting(50, "Files in one answer", least=1, most=500)

From them come ``[sources.NAME]`` in the configuration, its environment variables, options, checks and documentation.
"""

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_MARK: Final = "synsift.setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a source.

    Attributes:
        name: Of the field.
        kind: Its type: ``str``, ``int``, ``float``, ``bool``, ``Secret``, or a tuple of texts.
        default: Its value where nobody says otherwise.
        help: What it is, for the list of all keys.
        bounds: ``least``, ``most`` and ``pattern``, as far as they were said.
    """

    name: str
    kind: Any
    default: Any
    help: str
    bounds: Mapping[str, Any]


def setting(
    default: Any,  # noqa: ANN401 - the field's own type
    help: str,  # noqa: A002 - as argparse has it
    *,
    least: float | None = None,
    most: float | None = None,
    pattern: str | None = None,
) -> Any:  # noqa: ANN401 - as ``dataclasses.field``
    """A field that is a setting.

    Args:
        default: Its value where nobody says otherwise.
        help: What it is, in half a sentence.
        least: Smallest number.
        most: Largest number.
        pattern: A regular expression that a text must match.
    """
    bounds = {"least": least, "most": most, "pattern": pattern}
    said = {name: bound for name, bound in bounds.items() if bound is not None}
    return dataclasses.field(default=default, metadata={_MARK: (help, said)})


def settings_of(source: type) -> Iterator[Setting]:
    """The settings of a source's class, in order.

    Raises:
        TypeError: It is no dataclass, or a type can't be found.
    """
    kinds = typing.get_type_hints(source)
    for field in dataclasses.fields(source):
        if _MARK in field.metadata:
            help_text, bounds = field.metadata[_MARK]
            yield Setting(field.name, kinds[field.name], field.default, help_text, bounds)

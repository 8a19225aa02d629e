"""What all tables of the configuration have in common."""

import re
from typing import Final, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_LONGEST_S: Final = 365 * 24 * 3600
_LARGEST: Final = 10**12
_URL_ENDS: Final = ("api_url", "directory_url", "endpoint")
_URL_EXAMPLE: Final = "https://host.example/path"
_NOT_IN_A_URL: Final = re.compile(r"[\s\x00-\x20\x7f<>\"\\^`{|}]")


class Branch(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _number_is_no_switch(cls, value: object, info: ValidationInfo) -> object:
        """True counts as 1 in Python, and a setting that is on as a second or a pixel is a mistake."""
        kind = cls.model_fields[info.field_name or ""].annotation
        kinds = get_args(kind) or (kind,)
        if isinstance(value, bool) and (int in kinds or float in kinds):
            raise PydanticCustomError("int_type" if int in kinds else "float_type", "no number")
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _url_is_one(cls, value: object, info: ValidationInfo) -> object:
        """What is asked for by HTTP is said at the start, not by each request."""
        name = info.field_name or ""
        if name.endswith(_URL_ENDS) and isinstance(value, str) and value != cls.model_fields[name].default:
            problem = _problem_of_url(value)
            if problem is not None:
                raise ValueError(f"must be a URL such as `{_URL_EXAMPLE}` ({problem})")
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _number_has_bounds(cls, value: object, info: ValidationInfo) -> object:
        """Larger ones mean nothing, and no clock, no limit of the system and no protocol could take them."""
        if (info.field_name or "").endswith("_s") and isinstance(value, (int, float)) and value > _LONGEST_S:
            raise ValueError("must be at most a year, in seconds")
        if isinstance(value, int) and value > _LARGEST:
            raise ValueError(f"must be at most {_LARGEST}")
        return value


def _problem_of_url(text: str) -> str | None:
    """What keeps a text from being a URL of http or https; None if it is one."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "its host or port can't be read"
    if parts.scheme not in ("http", "https"):
        return f"its scheme is `{parts.scheme}`" if "://" in text else "there is no `https://` before it"
    if not host:
        return "there is no host"
    if _NOT_IN_A_URL.search(text):
        return "a character is in it that stands in no URL"
    return "nothing is asked for behind a `#`" if parts.fragment else None

"""What all tables of the configuration have in common."""

from typing import Final, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_LONGEST_S: Final = 365 * 24 * 3600
_LARGEST: Final = 10**12


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
    def _number_has_bounds(cls, value: object, info: ValidationInfo) -> object:
        """Larger ones mean nothing, and no clock, no limit of the system and no protocol could take them."""
        if (info.field_name or "").endswith("_s") and isinstance(value, (int, float)) and value > _LONGEST_S:
            raise ValueError("must be at most a year, in seconds")
        if isinstance(value, int) and value > _LARGEST:
            raise ValueError(f"must be at most {_LARGEST}")
        return value

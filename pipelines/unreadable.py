"""What msgspec raises for bytes of others. Apart from the errors: a command that only begins loads no decoder."""

from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""For bytes of all kinds: bad JSON or fields, bad UTF-8 in a text, nesting without end."""

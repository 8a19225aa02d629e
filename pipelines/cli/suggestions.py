"""What a user probably meant."""

import difflib
from collections.abc import Collection

from synsift.pipelines.errors import UsageError


def check_known(kind: str, word: str, known: Collection[str]) -> None:
    """Refuse a word that isn't one of a known set.

    Raises:
        UsageError: With those that there are, and the one that was probably meant.
    """
    if word in known:
        return
    near = difflib.get_close_matches(word, sorted(known), n=1)
    there_are = f"the {kind}s are {', '.join(f'`{one}`' for one in known)}"
    raise UsageError(f"there is no {kind} `{word}`; {there_are}", hint=f"did you mean `{near[0]}`?" if near else "")

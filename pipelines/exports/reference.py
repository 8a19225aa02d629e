"""What an export keeps out: files of fingerprints, and lists of SHA-256."""

from collections.abc import Sequence
from pathlib import Path

from synsift.dedupe import MatchOptions
from synsift.dedupe.reference import Reference
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.hash_files import read_reference


def read_exclusions(files: Sequence[Path], match: MatchOptions) -> Reference:
    """Read what is kept out.

    Args:
        files: Of fingerprints or SHA-256.
        match: What counts as near.

    Raises:
        UsageError: A file can't be read, or has hashes that would have every image decoded.
    """
    for file in files:
        if not file.exists() and ":" not in str(file):
            raise UsageError(f"there is no file `{file}`")
    found = read_reference(files, match)
    if found.kinds:
        raise UsageError(
            f"`--exclude-reference` compares fingerprints and SHA-256, and this list has {', '.join(found.kinds)}",
            hint="name it by `dedupe.reference` when you crawl, or make fingerprints: `synsift fingerprint DIR`",
        )
    return found

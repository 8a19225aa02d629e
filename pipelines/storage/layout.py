"""Names of objects. They derive from content, so that writing twice changes nothing.

blobs/<2 of sha256>/<sha256>               every image that was fetched, once
features/<2 of sha256>/<sha256>.<version>  local features of what survived, where `dedupe.thorough` asks for them
candidates/<wnid>/<sha256>.<ext>           the survivors of a synset
candidates/<wnid>/<sha256>.json            where each comes from
snapshots/dedupe/<partition>/…            state of deduplication (``snapshots.py``)
manifests/<wnid>/<partition>-<first>-<last>.parquet   what offsets first…last of ``survivors`` say of it
conflicts/<wnid>/<partition>-<first>-<last>.parquet   … and those of ``conflicts``
verified/<wnid>/<partition>-<first>-<last>.parquet    … and those of ``verified``
current/wnid=<wnid>/part-0.parquet         what stands of a synset now: one object, so that no reader sees two states
synsift-current.json                       of which manifests each of those was made
removals/<id>.json                         receipts of what was taken down
"""

import re
from dataclasses import dataclass
from typing import Final

from synsift.dedupe import EXTENSIONS
from synsift.pipelines.records import Image

BLOBS: Final = "blobs/"
CANDIDATES: Final = "candidates/"
MANIFESTS: Final = "manifests/"
CONFLICTS: Final = "conflicts/"
VERIFIED: Final = "verified/"
CURRENT: Final = "current/"
CURRENT_INDEX: Final = "synsift-current.json"
"""Not below the view: what reads a folder as one table expects nothing else in it."""
REMOVALS: Final = "removals/"
"""Apart from the manifests: a folder of parts that are read as one table holds parts of one form."""
TOPS: Final = (BLOBS, "features/", CANDIDATES, "snapshots/", MANIFESTS, CONFLICTS, VERIFIED, CURRENT, REMOVALS)
"""All folders at the top."""

_BLOB: Final = re.compile(r"blobs/(?P<begin>[0-9a-f]{2})/(?P<sha256>(?P=begin)[0-9a-f]{62})")
_CANDIDATE: Final = re.compile(
    rf"candidates/[^/]+/(?P<sha256>[0-9a-f]{{64}})\.({'|'.join(sorted(set(EXTENSIONS.values())))})"
)
_PROVENANCE: Final = re.compile(r"candidates/(?P<wnid>[^/]+)/(?P<sha256>[0-9a-f]{64})\.json")
_CURRENT: Final = re.compile(r"current/wnid=(?P<wnid>[A-Za-z0-9][A-Za-z0-9._-]{0,63})/part-0\.parquet")
_PART: Final = re.compile(r"[a-z]+/(?P<wnid>[^/]+)/(?P<partition>\d+)-(?P<first>\d+)-(?P<last>\d+)\.parquet")


@dataclass(frozen=True, slots=True)
class ManifestPart:
    """The offsets of a topic, such as ``survivors``, that one part of a synset's manifest covers, both included."""

    wnid: str
    partition: int
    first: int
    last: int
    folder: str = MANIFESTS

    @property
    def path(self) -> str:
        """Name of the object. Zero-padded, so that names sort as offsets do."""
        return f"{self.folder}{self.wnid}/{self.partition:05d}-{self.first:012d}-{self.last:012d}.parquet"


def blob(sha256: str) -> str:
    """Name of an image in the blob store."""
    return f"{BLOBS}{sha256[:2]}/{sha256}"


def features(sha256: str, version: int) -> str:
    """Name of the local features of an image."""
    return f"features/{sha256[:2]}/{sha256}.{version}"


def candidate(wnid: str, image: Image) -> str:
    """Name of a survivor."""
    return named_candidate(wnid, image.sha256, EXTENSIONS[image.format])


def named_candidate(wnid: str, sha256: str, extension: str) -> str:
    """Name of a survivor whose file has the extension."""
    return f"{CANDIDATES}{wnid}/{sha256}.{extension}"


def blob_sha256(path: str) -> str | None:
    """The image that a blob's name names; None for any other object."""
    found = _BLOB.fullmatch(path)
    return found["sha256"] if found is not None else None


def candidate_sha256(path: str) -> str | None:
    """The image that a landed object's name names; None for any other object, provenance included."""
    found = _CANDIDATE.fullmatch(path)
    return found["sha256"] if found is not None else None


def provenance_of(path: str) -> tuple[str, str] | None:
    """Synset and SHA-256 of the image whose provenance an object's name names; None for any other object."""
    found = _PROVENANCE.fullmatch(path)
    return (found["wnid"], found["sha256"]) if found is not None else None


def receipt(removal: str) -> str:
    """Name of the receipt of a take-down."""
    return f"{REMOVALS}{removal}.json"


def provenance(wnid: str, sha256: str) -> str:
    """Name of a survivor's provenance."""
    return f"{CANDIDATES}{wnid}/{sha256}.json"


def current_view(wnid: str) -> str:
    """Name of the view of a synset: hive-style, as engines take a column from a folder's name."""
    return f"{CURRENT}wnid={wnid}/part-0.parquet"


def current_wnid(path: str) -> str | None:
    """The synset whose view a name names; None for any other object."""
    found = _CURRENT.fullmatch(path)
    return found["wnid"] if found is not None else None


def manifest_part(path: str) -> ManifestPart | None:
    """Read the name of a manifest's part; None for any other object."""
    return part_in(MANIFESTS, path)


def conflict_part(path: str) -> ManifestPart | None:
    """Read the name of a part that tells of conflicts; None for any other object."""
    return part_in(CONFLICTS, path)


def verified_part(path: str) -> ManifestPart | None:
    """Read the name of a part that tells of verdicts; None for any other object."""
    return part_in(VERIFIED, path)


def part_in(folder: str, path: str) -> ManifestPart | None:
    """Read the name of a part in a folder of parts; None for any other object."""
    found = _PART.fullmatch(path) if path.startswith(folder) else None
    if found is None:
        return None
    return ManifestPart(found["wnid"], int(found["partition"]), int(found["first"]), int(found["last"]), folder)

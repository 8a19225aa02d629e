"""An entry of an answer → the image to fetch, or why it is none."""

import html
import re
from typing import Any, Final
from urllib.parse import urljoin

from synsift.crawler.sources.base import FoundImage
from synsift.crawler.sources.json_answers import LeftOut, need_text

_IMAGES: Final = frozenset(
    f"image/{kind}"
    for kind in ("jpeg", "png", "webp", "gif", "tiff", "bmp", "avif", "heic", "heif", "jxl", "jpg", "pjpeg", "x-png")
) | {"image/x-bmp", "image/x-ms-bmp", "image/x-windows-bmp", "image/apng"}
"""Types of files that can be pictures of something; wikis name some of them in several ways."""
_DOCUMENTS: Final = frozenset({"application/pdf", "image/vnd.djvu", "image/x.djvu", "image/x-djvu"})
_TAG: Final = re.compile(r"<[^>]*>")
_SPACE: Final = re.compile(r"\s+")
_SHA1: Final = re.compile(r"[0-9a-f]{40}")

STEPS_PX: Final = (20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840)
"""Widths in which Wikimedia serves thumbnails; of another it serves the next larger."""
LEAST_SIDE_PX: Final = 256
"""A thumbnail whose shorter side would be less is of a panorama or a scroll: its original is fetched."""
_MOST_ORIGINAL_BYTES: Final = 16 * 1024 * 1024


def step_px(width_px: int) -> int:
    """The width in which Wikimedia serves a thumbnail that is to be so wide."""
    return next((step for step in STEPS_PX if step >= width_px), STEPS_PX[-1]) if width_px else 0


def found_image(entry: dict[str, Any], *, width_px: int, base_url: str) -> FoundImage:
    """The image of a file.

    Args:
        entry: Of the list of pages, with its ``imageinfo``.
        width_px: Wanted width; 0 for the original.
        base_url: What relative URLs are relative to.

    Raises:
        LeftOut: It is no picture, or its file is gone.
        KeyError, TypeError, ValueError, AttributeError, IndexError: It can't be read.
    """
    info = entry["imageinfo"][0]
    if info.get("filemissing"):
        raise LeftOut("missing_files")
    kind = reason_to_leave_out(info["mime"])
    if kind:
        raise LeftOut(kind)
    thumbnail = width_px > 0 and _thumbnail_serves(info, width_px)
    url = need_text(info["thumburl"] if thumbnail else info["url"], "url")
    metadata = info.get("extmetadata") or {}
    return FoundImage(
        url=urljoin(base_url, url),
        landing_page=str(info.get("descriptionurl", "")),
        title=str(entry["title"]).removeprefix("File:"),
        author=_plain(metadata, "Artist"),
        licence=_plain(metadata, "LicenseShortName"),
        licence_url=_plain(metadata, "LicenseUrl"),
        content_id=content_id(info.get("sha1"), width_px if thumbnail else 0),
    )


def reason_to_leave_out(mime: str) -> str:
    """Why a file of a type is no picture of something, as a word for counts; empty if it may be one."""
    mime = mime.partition(";")[0].strip().lower()
    if mime in _IMAGES:
        return ""
    if mime == "image/svg+xml":
        return "drawings"
    if mime in _DOCUMENTS:
        return "documents"
    return {"video": "videos", "audio": "sounds"}.get(mime.partition("/")[0], "other_files")


def content_id(sha1: object, width_px: int) -> str:
    """What names the bytes behind a file's URL: of the original its SHA-1, of a thumbnail this and the width."""
    if not isinstance(sha1, str) or not _SHA1.fullmatch(sha1):
        return ""
    return f"sha1:{sha1}" if not width_px else f"sha1:{sha1};width={width_px}"


def _thumbnail_serves(info: dict[str, Any], width_px: int) -> bool:
    """Whether a thumbnail is what to fetch. ``thumbwidth`` repeats what was asked for, whatever is served."""
    width, height = _number(info, "width"), _number(info, "height")
    if not info.get("thumburl") or width <= width_px:
        return False
    short_px = min(width_px, height * width_px // width) if height else width_px
    would_help = 0 < _number(info, "size") <= _MOST_ORIGINAL_BYTES and min(width, height) > short_px
    return short_px >= LEAST_SIDE_PX or not would_help


def _number(info: dict[str, Any], name: str) -> int:
    value = info.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _plain(metadata: dict[str, Any], name: str) -> str:
    """A field of extmetadata without its HTML."""
    value = metadata.get(name)
    text = str(value.get("value", "")) if isinstance(value, dict) else ""
    return _SPACE.sub(" ", html.unescape(_TAG.sub("", text))).strip()[:500]

"""What we use of vendors beyond their promises: one module a vendor, and still there in what is installed."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from synsift.crawler.download import aiohttp_private, scrapy_private
from synsift.pipelines.log import kafka_private

ROOT = Path(__file__).parents[1]
HOMES = {
    "crawler/download/aiohttp_private.py": "aiohttp",
    "crawler/download/scrapy_private.py": "Scrapy",
    "pipelines/log/kafka_private.py": "kafka-python",
}
STANDS_ON = [
    (vendor, name, signature, reason)
    for vendor, module in (("aiohttp", aiohttp_private), ("Scrapy", scrapy_private), ("kafka-python", kafka_private))
    for name, (signature, reason) in module.STANDS_ON.items()
]


def find(dotted: str) -> object:
    """The object of a dotted name: the longest part of it that is a module, and attributes from there."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AttributeError(dotted)


def problem(vendor: str, name: str, signature: str | None) -> str | None:
    """What is wrong with something that we stand on, in a sentence; None if it is as it was."""
    installed = f"{vendor} {metadata.version(vendor)}"
    dotted, _, attribute = name.partition("#")
    try:
        found = find(dotted)
    except AttributeError:
        return f"{installed} has no {dotted} any more"
    if attribute:
        sources = [inspect.getsource(kind) for kind in inspect.getmro(found) if kind.__module__ != "builtins"]  # type: ignore[arg-type]
        has = any(f"self.{attribute} =" in source or f"self.{attribute}:" in source for source in sources)
        return None if has else f"objects of {dotted} have no {attribute} any more in {installed}"
    parameters = inspect.signature(found).parameters.values()  # type: ignore[arg-type]
    now = f"({', '.join(one.name for one in parameters)})"
    return None if now == signature else f"{dotted} takes {now} in {installed}, no longer {signature}"


@pytest.mark.parametrize(("vendor", "name", "signature", "reason"), STANDS_ON, ids=lambda value: str(value)[-40:])
def test_what_we_stand_on_is_still_there(vendor: str, name: str, signature: str | None, reason: str) -> None:
    found = problem(vendor, name, signature)
    assert found is None, f"{found}. We use it because: {reason}"


@pytest.mark.parametrize(
    ("name", "signature", "words"),
    [
        ("scrapy.utils.ssl._gone", "(settings)", "has no scrapy.utils.ssl._gone any more"),
        ("scrapy.utils._gone.name", None, "has no scrapy.utils._gone.name any more"),
        ("scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler", "(settings)", "takes (crawler) in Scrapy"),
        ("scrapy.crawler.Crawler#_gone", None, "objects of scrapy.crawler.Crawler have no _gone any more"),
    ],
)
def test_what_a_version_took_away_is_said(name: str, signature: str | None, words: str) -> None:
    assert words in (problem("Scrapy", name, signature) or "")


def private_imports(tree: ast.AST) -> Iterator[str]:
    """Names of others' private modules and objects that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(("__", "synsift")):
            parts = [*node.module.split("."), *(alias.name for alias in node.names)]
            if any(part.startswith("_") for part in parts):
                yield node.module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if any(part.startswith("_") for part in alias.name.split(".")):
                    yield alias.name


def test_nothing_private_of_others_is_used_elsewhere() -> None:
    found = {}
    for folder in ("crawler", "dedupe", "pipelines"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            # Ruff finds what is used of objects, and each exception from it is marked.
            used = [*private_imports(ast.parse(text)), *(["SLF001"] if "noqa: SLF001" in text else [])]
            if used:
                found[path.relative_to(ROOT).as_posix()] = used
    assert set(found) == set(HOMES), found

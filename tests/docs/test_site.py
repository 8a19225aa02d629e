"""The site of the documentation: it is built without a network, and asks for nothing of others when it is read."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.examples import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    # A proxy that isn't there: whatever is asked for fails.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    env = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_there_and_links_lead_somewhere(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}


@pytest.mark.slow
def test_nothing_of_others_is_loaded(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = re.sub(r"<a\s[^>]*>", "", page.read_text())
        assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//[^\"' >]+", text) == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", sheet.read_text()), sheet


@pytest.mark.slow
def test_the_reference_of_the_library_has_every_function(site: Path) -> None:
    text = (site / "library.html").read_text()
    for name in ("fingerprint.fingerprint", "compare.compare", "clusters.cluster", "matcher.Matcher.add"):
        assert f'id="synsift.dedupe.{name}"' in text
    assert "CorruptImage" in text

"""What is loaded to do what: a command's start is most of its time."""

import subprocess
import sys
from pathlib import Path

import pytest

_FOLDERS = "import synsift.pipelines.cli.scanning as s; s.Scanner(s.Keys(), jobs=None, cache=None, no_cache=True)"
_STORE = "import synsift.pipelines.assembly"
_LANDS = (
    "from synsift.pipelines import assembly as a; from synsift.pipelines.config import load; "
    "p = a.open_parts(load(env={}, options={'store.url': 'out'}).settings); a.make_stages(['dedupe', 'land'], p)"
)


@pytest.mark.parametrize(
    ("code", "not_loaded"),
    [(_FOLDERS, "scrapy tldextract requests obstore"), (_STORE, "scrapy tldextract"), (_LANDS, "scrapy")],
    ids=["folders", "log and store", "workers that ask nothing"],
)
def test_nothing_is_loaded_that_asks_the_web_where_nothing_is_asked(code: str, not_loaded: str, tmp_path: Path) -> None:
    script = f"import sys; {code}; print(*(set({not_loaded.split()}) & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"

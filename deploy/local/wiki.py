"""A MediaWiki on loopback, for tests: Debian's package, unpacked and not installed, on PHP's own server and SQLite.

It has MediaWiki's own search, as most wikis do, and no extension.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.local.services import CACHE, HOST, MissingComponent, Service, free_port

_PACKAGES = ("mediawiki", "mediawiki-classes")
_LINKS = ("LocalSettings.php", "config", "extensions", "images")
PHP_PACKAGES = ("php-cli", "php-sqlite3", "php-xml", "php-mbstring", "php-intl", "php-gd")
"""What Debian calls the PHP that it needs."""
_MODULES = frozenset({"pdo_sqlite", "sqlite3", "xml", "mbstring", "intl", "gd"})
_SETTINGS = """
$wgEnableUploads = true;
$wgFileExtensions = [ 'png', 'gif', 'jpg', 'jpeg', 'webp', 'bmp', 'tif', 'svg', 'pdf' ];
$wgVerifyMimeType = false;
$wgJobRunRate = 0;
$wgUseImageMagick = false;
$wgMaxImageArea = 1e8;
"""


def install_mediawiki() -> Path:
    """The unpacked program; fetched if it isn't there.

    Raises:
        MissingComponent: This is no Debian, or PHP lacks something.
    """
    _check_php()
    program = CACHE / "mediawiki"
    if program.is_dir():
        return program
    if shutil.which("apt-get") is None:
        raise MissingComponent("there is no apt-get here, and MediaWiki comes as Debian's package")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        folder = Path(scratch)
        download = ["apt-get", "download", "-q", *_PACKAGES]
        try:
            _run(download, folder)
        except MissingComponent:  # the lists of packages are old, or were never fetched
            _run(["apt-get", "update", "-qq"], folder)
            _run(download, folder)
        for package in folder.glob("*.deb"):
            _run(["dpkg", "--extract", str(package), str(folder / "all")], folder)
        tree = folder / "all" / "usr" / "share" / "mediawiki"
        for name in _LINKS:  # to where the package would be installed
            (tree / name).unlink()
        (tree / "extensions").mkdir()
        tree.replace(program)
    return program


def _check_php() -> None:
    hint = f"apt-get install {' '.join(PHP_PACKAGES)}"
    if shutil.which("php") is None:
        raise MissingComponent(f"php is not installed, and MediaWiki needs it: {hint}")
    has = set(_run(["php", "-m"], Path.cwd()).lower().split())
    if missing := sorted(_MODULES - has):
        raise MissingComponent(f"php lacks {', '.join(missing)}: {hint}")


def _run(command: list[str], folder: Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingComponent(f"{' '.join(command)} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


class Wiki:
    """A wiki: its files, its settings and its server."""

    def __init__(self, folder: Path) -> None:
        """Set one up, empty.

        Args:
            folder: For its database and its files.

        Raises:
            MissingComponent: It can't be had here.
        """
        self._program = install_mediawiki()
        self._folder = folder
        self._env: dict[str, str] = {}
        site = folder / "site"
        (site / "images").mkdir(parents=True)
        for name in ("api.php", "index.php", "thumb.php"):
            (site / name).write_text(f"<?php require '{self._program / name}';\n")
        (folder / "db").mkdir()
        port = free_port()
        self._run("install.php", "--dbtype", "sqlite", "--dbpath", str(folder / "db"), "--dbname", "wiki",
                  "--server", f"http://{HOST}:{port}", "--scriptpath", "", "--skins", "", "--pass", "a-long-password",
                  "--confpath", str(folder), "Small wiki", "Admin")  # fmt: skip
        self.set(f"$wgUploadDirectory = '{site / 'images'}';\n{_SETTINGS}")
        self._env = {"MW_CONFIG_FILE": str(folder / "LocalSettings.php")}
        # Without PHP_CLI_SERVER_WORKERS: those are processes that nothing ends when their parent is killed.
        self.service = Service(
            port,
            ["php", "-d", "opcache.revalidate_freq=0", "-S", f"{HOST}:{port}", "-t", str(site)],
            folder,
            self._env,
        )

    @property
    def api_url(self) -> str:
        """Its ``api.php``."""
        return f"http://{HOST}:{self.service.port}/api.php"

    def set(self, settings: str) -> None:
        """Append to its settings, in PHP; they hold from the next request on."""
        with (self._folder / "LocalSettings.php").open("a") as target:
            target.write(f"\n{settings}\n")

    def import_files(self, folder: Path) -> None:
        """Upload all files of a folder; the page of ``a.jpg`` says what stands in ``a.txt``."""
        self._run("importImages.php", "--comment-ext=txt", str(folder))
        self._run("rebuildtextindex.php")

    def _run(self, script: str, *arguments: str) -> None:
        _run(["php", f"maintenance/{script}", *arguments], self._program, self._env)

"""``synsift identity``: a key that nobody else can read, and what to publish of it."""

import json
import stat
from pathlib import Path

from tests.conftest import RunCli


def test_a_key_is_made_once_and_its_directory_shown_again(cli: RunCli, tmp_path: Path) -> None:
    key = str(tmp_path / "k.pem")
    made = cli("identity", "create", "--key", key)
    assert made.returncode == 0
    assert stat.S_IMODE(Path(key).stat().st_mode) == 0o600
    (jwk,) = json.loads(made.stdout)["keys"]
    assert set(jwk) == {"kty", "crv", "kid", "x", "use"}
    assert "PRIVATE" not in made.stdout + made.stderr
    assert cli("identity", "show", "--key", key).stdout == made.stdout
    before = Path(key).read_bytes()
    again = cli("identity", "create", "--key", key)
    assert (again.returncode, Path(key).read_bytes()) == (2, before)
    assert "hint:" in again.stderr


def test_a_folder_that_is_not_there_is_named_with_what_to_do(cli: RunCli, tmp_path: Path) -> None:
    made = cli("identity", "create", "--key", str(tmp_path / "sub" / "k.pem"))
    assert (made.returncode, made.stdout) == (2, "")
    assert f"hint: make it first: `mkdir -p {tmp_path / 'sub'}`" in " ".join(made.stderr.split())


def test_what_is_no_key_is_said_and_not_shown(cli: RunCli, tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    key.write_text("topsecret")
    for arguments in (("--key", str(key)), ("--key", str(tmp_path / "none.pem"))):
        shown = cli("identity", "show", *arguments)
        assert shown.returncode == 2
        assert "topsecret" not in shown.stdout + shown.stderr
        assert "Traceback" not in shown.stderr, shown.stderr


def test_a_key_without_a_place_to_publish_it_is_wrong_use(cli: RunCli, tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    cli("identity", "create", "--key", str(key))
    crawl = ["crawl", "whippet", "--out", str(tmp_path / "o"), "--contact", "a@b.example"]
    crawl += ["--set", f"identity.key_file={key}"]
    found = cli(*crawl)
    assert found.returncode == 2
    assert "identity.directory_url" in found.stderr

"""What several benchmarks start: nginx on loopback, and workers of ours."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.conftest import environment

_CONFIGURATION = """
daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; keepalive_requests 100000; types {{ image/jpeg jpg; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {http}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, http: str) -> Iterator[None]:
    """Run nginx for the block: one worker process, no log.

    Args:
        folder: For its own files.
        http: What stands in the ``http`` block of its configuration: the servers.
    """
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, http=http))
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(configuration)])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def workers(stage: str, options: Mapping[str, object], *, count: int = 1) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run workers of a stage for the block; killed at its end."""
    command = [sys.executable, "-m", "synsift", "run", stage]
    running = [
        subprocess.Popen(command, env=environment(options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(count)
    ]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()

"""The web servers that are measured: the one that `make run` starts, and the yardstick on the same one."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.database import ROOT, settings

PATIENCE = 300  # seconds for a server to answer
MODULES = {"product": "config.settings", "yardstick": "benchmarks.yardstick.settings"}


@contextmanager
def web_server(target: str, url: str) -> Iterator[int]:
    """Start the server of `target` on that database; yields its port, ends it in order."""
    port = _free_port()
    with (
        tempfile.TemporaryDirectory(prefix="loyalty-bench-web-") as folder,
        (Path(folder) / "log").open("w+") as log,
    ):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "--config",
                "python:config.gunicorn",
                "--bind",
                f"127.0.0.1:{port}",
            ],
            cwd=ROOT,
            env=os.environ
            | settings(url)
            | {"DJANGO_SETTINGS_MODULE": MODULES[target], "PROMETHEUS_MULTIPROC_DIR": f"{folder}/metrics"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait(process, port, Path(log.name))
            yield port
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError(f"The server did not start: {log.read_text()[-2000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """TERM to the server, which ends its workers; KILL to what is left of its session."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

"""The demo's web server: one process takes this one's place, so that whoever stops the demo stops it.

refuse_if_taken(…)   before anything else
start_worker(…)      in a child: the background jobs, until the server ends
announce_when_ready  in a child: says where things are once the server answers, and ends
become_server(…)     never returns: gunicorn under our own process id
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NoReturn

HOST = "127.0.0.1"
_PATIENCE = 60  # seconds for the server to answer


class Taken(Exception):
    """The server can't listen; the message says what to do."""


def refuse_if_taken(root: Path, port: int) -> None:
    """Raise Taken where this checkout's server runs already, or `port` can't be had."""
    running = running_server(root)
    if running is not None:
        raise Taken(
            f"The server of this checkout runs already, as process {running}: use that one, or stop it first "
            f"(Ctrl-C where it runs, or: kill {running})."
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Taken(
                f"Port {port} needs an administrator: choose one above 1023: PORT=8000 make demo"
            ) from None
        except OSError:
            raise Taken(
                f"Port {port} is taken by another program: choose another port: PORT={_next(port)} make demo"
            ) from None


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 8000


def running_server(root: Path) -> int | None:
    """The process that .data/web.pid names, if that is alive and one of this checkout's, else None."""
    try:
        pid = int(pid_file(root).read_text())
        here = Path(f"/proc/{pid}/cwd").samefile(root)
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):  # none, gone, another user's, or no /proc on this system
        return None
    return pid if here and pid != os.getpid() and re.search(rb"manage\.py|gunicorn", command) else None


def pid_file(root: Path) -> Path:
    """Where `make clean` looks for the server."""
    return root / ".data" / "web.pid"


def claim(root: Path) -> None:
    """Write down that this process is the checkout's server, from its first step on."""
    pid_file(root).parent.mkdir(mode=0o700, exist_ok=True)
    pid_file(root).write_text(f"{os.getpid()}\n")


def start_worker(root: Path) -> None:
    """Start the background jobs as a child of this process, which ends with it, also when it is killed."""
    command = [sys.executable, "manage.py", "worker", "--parent", str(os.getpid())]
    quiet = {"LOG_LEVEL": "WARNING"} | os.environ
    subprocess.Popen(command, cwd=root, env=quiet, stdin=subprocess.DEVNULL)  # noqa: S603 - our own list


def announce_when_ready(port: int, path: str, say: Callable[[], None]) -> None:
    """Fork; in the child call `say` once the server on `port` answers `path` with less than a 500, or never
    if it ends before. To be called with no database connection open."""
    server = os.getpid()
    if os.fork() != 0:
        return
    # From here on the child: it must not outlive the server, nor run anything of its parent's.
    code = 0
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if _answers(port, path, server):
            say()
        elif os.getppid() == server:
            sys.stderr.write(f"The server did not answer within {_PATIENCE} s; its messages are above.\n")
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a child that raised would go on as a second manage.py
        code = 1
    os._exit(code)


def _answers(port: int, path: str, server: int) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and os.getppid() == server:
        connection = HTTPConnection(HOST, port, timeout=5)  # not urllib: it would ask a proxy
        try:
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return True
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    return False


def become_server(root: Path, port: int) -> NoReturn:
    """Replace this process by gunicorn, listening on the loopback address; TERM and Ctrl-C end it."""
    pid_file(root).unlink(missing_ok=True)  # gunicorn writes it, and removes only what it wrote
    figures = root / ".data" / "metrics" / str(port)
    shutil.rmtree(figures, ignore_errors=True)  # the last run's; settings make the folder anew
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # a line a request would bury what was printed
    os.chdir(root)
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"]
    command += ["--bind", f"{HOST}:{port}", "--graceful-timeout", "5", "--pid", str(pid_file(root))]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell

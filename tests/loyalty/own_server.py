"""An engine of a test's own, whose processes may be killed: PostgreSQL, web server, worker, each a real one.

It runs in production mode over an embedded PostgreSQL in a temporary folder, with a tenant made by `bootstrap`.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection

from config import embedded_postgres, embedded_server
from tests.waiting import wait_for

BASE = Path(settings.BASE_DIR)
HOST = "127.0.0.1"
WEB = """
import sys
from pathlib import Path
from loyalty.demo import serve
if "with worker" in sys.argv:
    serve.start_worker(Path(sys.argv[3]))
serve.become_server(Path(sys.argv[1]), int(sys.argv[2]))
"""


def database_url() -> str:
    """The test database, wherever it is."""
    connection.ensure_connection()
    info = connection.connection.info
    secret = f":{quote(info.password, safe='')}" if info.password else ""
    return f"postgres://{info.user}{secret}@/{info.dbname}?host={quote(info.host, safe='')}&port={info.port}"


class Calls:
    """One keep-alive connection of a client. Errors of the connection are raised; the next call connects anew."""

    def __init__(self, port: int, key: str) -> None:
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.connection = HTTPConnection(HOST, port, timeout=20)

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body; headers are given by their Python names: `Idempotency_Key="k"`."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self.connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = self.connection.getresponse()
            return answer.status, dict(answer.headers), json.loads(answer.read() or b"null")
        except (OSError, HTTPException):
            self.connection.close()
            raise


class OwnServer:
    """Everything on its feet, until `close`. Whatever is killed here is started again by its `start_…`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = embedded_postgres.ensure_running(root)
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": str(BASE),
            "DATABASE_URL": self.url,
            "DEBUG": "off",
            "SECRET_KEY": "a test's own, of no value to anybody else at all",
            "ENCRYPTION_KEYS": "another of a test's own without any value at all",
            "ALLOWED_HOSTS": HOST,
            "SECURE_SSL_REDIRECT": "off",
            "API_REQUESTS_PER_MINUTE": "10000000",
        }
        self.children: list[subprocess.Popen[bytes]] = []
        self.manage("migrate", "--verbosity", "0")
        answer = json.loads(self.manage("bootstrap", "--organization", "Own", "--project", "App", "--json"))
        self.key: str = answer["environments"]["sandbox"]["api_key"]
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_children()
        embedded_postgres.destroy(self.root)

    def end_children(self) -> None:
        """End the web server and the workers, in order; one that does not is killed, and that is an error."""
        for child in self.children:
            child.terminate()
        try:
            for child in self.children:
                child.wait(60)
        finally:
            for child in self.children:
                child.kill()
            self.children.clear()

    def manage(self, *words: str) -> str:
        """What a management command prints; a CalledProcessError where it fails."""
        command = [sys.executable, str(BASE / "manage.py"), *words]
        done = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-3000:]}"
        return done.stdout

    def calls(self) -> Calls:
        return Calls(self.port, self.key)

    def start_web(self, *, worker: bool = False) -> int:
        """The web server as the demo starts it, with its `worker` if wanted; the process id of its master."""
        words = [str(self.root), str(self.port), str(BASE), "with worker" if worker else "alone"]
        web = self._start([sys.executable, "-c", WEB, *words], "web.log")
        wait_for(self._is_ready)
        return web.pid

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """`manage.py worker`; its lines go to the file worker.log."""
        return self._start([sys.executable, str(BASE / "manage.py"), "worker"], "worker.log", **environment)

    def start_command(self, *words: str) -> subprocess.Popen[bytes]:
        """A management command; its lines go to the file command.log."""
        return self._start([sys.executable, str(BASE / "manage.py"), *words], "command.log")

    def log(self, name: str) -> list[dict[str, Any]]:
        """The JSON lines of a log."""
        lines = (self.root / name).read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def kill_web_worker(self, master: int) -> int:
        """`kill -9` one of the processes that serve; the master starts another."""
        victim = children_of(master)[0]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: victim not in children_of(master))
        return victim

    def kill_database(self) -> list[int]:
        """`kill -9` the postmaster and all its children; a child that ends by itself meanwhile is as good."""
        place = embedded_postgres._read_place(self.root.resolve())
        assert place is not None
        postmaster = place.cluster.pid()
        assert postmaster is not None
        victims = [postmaster, *children_of(postmaster)]
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        wait_for(lambda: not embedded_server._alive(postmaster))
        return victims

    def start_database(self) -> None:
        assert embedded_postgres.ensure_running(self.root) == self.url

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def ask(self, statement: str, *parameters: Any) -> Any:
        """The first row of a statement; its only value where it has one."""
        with self.database() as connection:
            row = connection.execute(statement.encode(), parameters).fetchone()
        assert row is not None
        return row[0] if len(row) == 1 else row

    def _start(self, command: list[str], log: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.root / log).open("ab") as file:
            child = subprocess.Popen(
                command,
                env=self.environment | environment,
                cwd=BASE,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        self.children.append(child)
        return child

    def _is_ready(self) -> bool:
        try:
            return self.calls().call("GET", "/readyz")[0] == 200
        except (OSError, HTTPException, ValueError):
            return False


def children_of(parent: int) -> list[int]:
    return sorted(pid for pid, its_parent in embedded_server._processes() if its_parent == parent)

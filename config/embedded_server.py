"""One embedded PostgreSQL server: make its cluster, start it, find it again, end it.

Standard library only. Callers hold the checkout's lock (`config.embedded_postgres`) round everything but
`answers`.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATABASE = ROLE = "loyalty"
PORT = 5432  # only part of the socket's file name: no TCP port is opened
START_SECONDS = 120.0  # recovery after a crash may replay much of the write-ahead log
STOP_SECONDS = 60.0  # a fast shutdown writes one checkpoint
LEFTOVER_SECONDS = 20.0
LOG_BYTES = 1_000_000

# Given on the command line, so that no file has to be rewritten and no quoting can go wrong.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # The client sees its own errors; the log keeps starts, stops and crashes, and stays small.
    "log_min_messages": "log",
    "log_checkpoints": "off",
}


class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user whom the server runs as."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether the server runs as somebody else than this process: PostgreSQL refuses to run as root."""
        return self.uid != os.geteuid()

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command as this user, far from the caller's folder, locale and PG* variables."""
        if self.is_other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        options |= {"cwd": "/", "umask": 0o077, "text": True, "capture_output": True}
        options["env"] = {"PATH": os.defpath, "LC_ALL": "C", **options.get("env", {})}
        return subprocess.run(command, check=False, **options)  # noqa: S603 - a list of our own, no shell parses it

    def may(self, access: str, path: Path) -> bool:
        """Whether this user can reach the path; `access` is -r or -x of test(1), so the kernel answers."""
        test = ["/bin/sh", "-c", f'test {access} "$0"', str(path)]
        return self.run(test, stdin=subprocess.DEVNULL).returncode == 0

    def own_folder(self, path: Path) -> None:
        """Make a folder that only this user can enter, or refuse one that somebody else has put there."""
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            if self.is_other:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
        if not self.owns_folder(path):
            raise EmbeddedPostgresError(
                f"{path} is not a private folder of the user that runs the embedded database: "
                "remove it and try again."
            )

    def owns_folder(self, path: Path) -> bool:
        """Whether the path is a real folder, this user's, and closed to everybody else."""
        try:
            found = path.lstat()
        except OSError:
            return False
        return found.st_mode == stat.S_IFDIR | 0o700 and found.st_uid == self.uid


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data folder, the folder of its socket and the user who owns both."""

    data: Path
    socket_folder: Path
    account: Account

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def written_pid(self) -> tuple[int, str] | None:
        """Process id and state ("starting", "ready", "stopping") from postmaster.pid, which may be stale."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return abs(int(lines[0])), lines[7].strip() if len(lines) > 7 else "starting"
        except (OSError, ValueError, IndexError):
            return None

    def answers(self) -> bool:
        """Whether the server accepts connections. Well under a millisecond: no process is started."""
        if not self.account.owns_folder(self.socket_folder):
            return False
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2)
                client.connect(str(self.socket_folder / f".s.PGSQL.{PORT}"))
                listener = _listener(client)
        except OSError:
            return False
        written = self.written_pid()
        return written is not None and written[1] == "ready" and listener in (None, written[0])

    def pid(self) -> int | None:
        """The process id of the living server; None when postmaster.pid is stale."""
        written = self.written_pid()
        return written[0] if written and _works_in(written[0], self.data) else None

    def clients(self) -> int:
        """How many connections are open. Where there is no /proc it cannot be told, so one is assumed."""
        if not Path("/proc/self/stat").exists():
            return 1
        server = self.pid()
        backends = [pid for pid, parent in _processes() if parent == server and b"[local]" in _command(pid)]
        return len(backends)

    def create(self, programs: Path) -> None:
        """initdb and the database; one rename puts it in place, so nothing half done is ever found there."""
        new = self.data.with_name(f"data.new-{os.getpid()}-{time.monotonic_ns()}")
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = [str(programs / "bin/initdb"), "-D", str(new), "-U", ROLE, "--auth=trust", *locale]
        _demand(self.account.run(command, stdin=subprocess.DEVNULL), "initdb failed")
        single = [str(programs / "bin/postgres"), "--single", "-D", str(new), "postgres"]
        _demand(self.account.run(single, input=f"CREATE DATABASE {DATABASE}\n"), "making the database failed")
        new.rename(self.data)

    def start(self, programs: Path) -> None:
        """Start the server and wait until it answers; again while a dying predecessor holds its memory."""
        patience = time.monotonic() + LEFTOVER_SECONDS
        while True:
            self.clear_leftovers()
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".old.log"))
            before = self.log.stat().st_size if self.log.exists() else 0
            process = self._launch(programs)
            if self.wait_until_ready(process):
                return
            said = self.log.read_bytes()[before:].decode(errors="replace") if self.log.exists() else ""
            if "shared memory block" not in said or time.monotonic() > patience:
                telling = re.findall(r".*(?:FATAL|PANIC|sh: ).*", said) or ["it gave no reason"]
                raise EmbeddedPostgresError(
                    f"The embedded database did not start ({telling[-1].strip()}): see {self.log}"
                )
            time.sleep(0.3)

    def _launch(self, programs: Path) -> int:
        """Start postgres in its own session, not as our child: its starter may be killed, or not reap it."""
        settings = SETTINGS | {"unix_socket_directories": str(self.socket_folder)}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        script = '"$0" "$@" </dev/null >>"$LOG" 2>&1 & echo $!'
        done = self.account.run(
            ["/bin/sh", "-c", script, str(programs / "bin/postgres"), "-D", str(self.data), *options],
            env={"LOG": str(self.log)},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        _demand(done, "starting it failed")
        return int(done.stdout)

    def wait_until_ready(self, process: int) -> bool:
        """Wait until the server answers; False when it, and any other of this data folder, has ended."""
        if not _wait(lambda: self.answers() or not (_alive(process) or self.pid()), START_SECONDS):
            raise EmbeddedPostgresError(f"The embedded database is still not ready: see {self.log}")
        return self.answers()

    def end(self) -> None:
        """Stop the server in order (fast shutdown), by force if it does not, and tidy up after it."""
        server = self.pid()
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if server is None or not _alive(server):
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(server, how)
            _wait(lambda: not _alive(server), STOP_SECONDS if how == signal.SIGINT else 5.0)
        self.clear_leftovers()

    def clear_leftovers(self) -> None:
        """After a kill -9: end orphaned backends; remove pid files, whose number may be a stranger's now."""
        if self.pid() is not None:
            return
        for unfinished in self.data.parent.glob("data.new-*"):  # its initdb lives on when a starter is killed
            _end_all(unfinished)
            shutil.rmtree(unfinished, ignore_errors=True)  # initdb removes it too when it is ended
        if self.data.exists():
            _end_all(self.data)
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        if self.account.owns_folder(self.socket_folder):
            for leftover in self.socket_folder.iterdir():
                leftover.unlink()


def _end_all(data: Path) -> None:
    """End the PostgreSQL processes of a data folder whose server is gone."""
    for how in (signal.SIGQUIT, signal.SIGKILL):
        for orphan in _of_folder(data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, how)
        if _wait(lambda: not list(_of_folder(data)), LEFTOVER_SECONDS / 2):
            return


def _of_folder(data: Path) -> Iterator[int]:
    """initdb and PostgreSQL processes of a data folder; a shell that merely stands there is none."""
    for pid, _ in _processes():
        program, *arguments = _command(pid).split(b"\0")
        if program.endswith(b"/initdb"):
            if os.fsencode(data) in arguments:
                yield pid
        elif b"postgres" in program and _works_in(pid, data):
            yield pid


def _listener(client: socket.socket) -> int | None:
    """The process that listens at the other end of the socket, where the system tells it."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


def _works_in(pid: int, data: Path) -> bool:
    """Whether the process serves this data folder: every PostgreSQL process has it as working directory."""
    if not _alive(pid):
        return False
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except PermissionError:  # root without CAP_SYS_PTRACE; the command line can be read by all
        return os.fsencode(data) in _command(pid).split(b"\0")
    except OSError:
        return not Path("/proc/self").exists() and os.fsencode(data) in _command(pid)


def _command(pid: int) -> bytes:
    """The command line of a process, arguments separated by NUL; empty when it has ended."""
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""
    list_it = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(list_it, capture_output=True, check=False).stdout  # noqa: S603 - our own list


def _processes() -> Iterator[tuple[int, int]]:
    """Every process with its parent, as far as /proc tells."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(entry.name), int(_stat(int(entry.name))[1])


def _stat(pid: int) -> list[str]:
    """State, parent and what follows; the name before them is in brackets and may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def _alive(pid: int) -> bool:
    """Whether the process runs. One that is dead but not yet reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()


def _wait(until: Callable[[], bool], seconds: float) -> bool:
    """Look again every 20 ms; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _demand(done: subprocess.CompletedProcess[str], otherwise: str) -> None:
    """Raise with the program's last words when it failed."""
    if done.returncode != 0:
        words = re.findall(r".*\S.*", done.stderr) or [f"exit code {done.returncode}"]
        telling = [line for line in words if re.search(r"error|FATAL", line)] or words
        raise EmbeddedPostgresError(
            f"The embedded database cannot be set up, {otherwise}: {telling[-1].strip()}"
        )

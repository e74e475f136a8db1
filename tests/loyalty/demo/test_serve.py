"""The demo's server: refusals before any work, and a process that leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from loyalty.demo import serve
from tests.waiting import wait_for

SCRIPT = """
import sys
from pathlib import Path
from loyalty.demo import serve
root, port = Path(sys.argv[1]), int(sys.argv[2])
serve.claim(root)
serve.announce_when_ready(port, "/healthz", lambda: print("It answers."))
serve.become_server(root, port)
"""


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((serve.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def port() -> int:
    """A free one."""
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        return int(probe.getsockname()[1])


def test_a_taken_port_is_told_with_the_way_out(tmp_path: Path, taken: int) -> None:
    with pytest.raises(serve.Taken, match=f"^Port {taken} is taken .* PORT={taken + 1} make demo$"):
        serve.refuse_if_taken(tmp_path, taken)


def test_a_free_port_is_not_refused(tmp_path: Path, port: int) -> None:
    serve.refuse_if_taken(tmp_path, port)


@pytest.mark.parametrize(
    "content",
    [None, "", "abc", "999999999", str(os.getpid()), "1"],
    ids=["no file", "empty", "no number", "nobody", "ourselves", "another's"],
)
def test_a_pid_file_of_nothing_of_ours_is_not_believed(
    tmp_path: Path, port: int, content: str | None
) -> None:
    if content is not None:
        serve.claim(tmp_path)
        serve.pid_file(tmp_path).write_text(content)
    assert serve.running_server(tmp_path) is None
    serve.refuse_if_taken(tmp_path, port)


def test_the_server_answers_is_known_by_its_pid_and_ends_whole(tmp_path: Path, port: int) -> None:
    environment = os.environ | {"PYTHONPATH": str(settings.BASE_DIR), "DEBUG": "on"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "It answers.\n"
        assert serve.running_server(tmp_path) == process.pid
        with pytest.raises(serve.Taken, match=f"runs already, as process {process.pid}:"):
            serve.refuse_if_taken(tmp_path, port)
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert not serve.pid_file(tmp_path).exists()
        wait_for(lambda: _is_empty(process.pid))
        serve.refuse_if_taken(tmp_path, port)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _is_empty(group: int) -> bool:
    """Whether no process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False

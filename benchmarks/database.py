"""A PostgreSQL server of the benchmark's own, with seeded databases; gone when the benchmark ends."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config import embedded_postgres

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_server() -> Iterator[str]:
    """The DATABASE_URL of an empty, migrated database on a server that writes through to the disk."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-bench-"))
    try:
        url = embedded_postgres.ensure_running(folder)
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            with psycopg.connect(url) as connection:
                found = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
            if found != ("on",):
                raise RuntimeError(f"{setting} is not on: these would be no measurements.")
        run("manage.py", "migrate", "--verbosity", "0", url=url)
        yield url
    finally:
        embedded_postgres.destroy(folder)
        shutil.rmtree(folder, ignore_errors=True)


def seeded(url: str, rows: int, deep: int) -> dict[str, Any]:
    """A copy of the migrated database with so many ledger entries: its facts, and its url as `database`."""
    name = f"rows_{rows}"
    with psycopg.connect(url.replace("/loyalty?", "/postgres?"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE loyalty").format(sql.Identifier(name)))
    copy = url.replace("/loyalty?", f"/{name}?")
    facts: dict[str, Any] = json.loads(run("-m", "benchmarks.seeding", str(rows), str(deep), url=copy))
    return facts | {"database": copy}


def run(*command: str, url: str, given: str | None = None) -> str:
    """A Python program of this checkout on that database: what it printed. Raises with its last words."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | settings(url),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def settings(url: str) -> dict[str, str]:
    """The environment of a production server on this database, reached over plain HTTP."""
    return {
        "DATABASE_URL": url,
        "DEBUG": "off",
        "SECRET_KEY": "only-for-this-benchmark",
        "ENCRYPTION_KEYS": "only-for-this-benchmark-and-nothing-else",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "off",
        "API_REQUESTS_PER_MINUTE": "1000000000",
    }

"""Settings are one file, and safe by default."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SECRETS = ("SECRET_KEY", "ENCRYPTION_KEYS")


def production_environment() -> dict[str, str]:
    """The values of .env.example, with the secrets in their place."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    secrets = {name: f"{name}-of-a-test-" + "abcdefghij0123456789" * 3 for name in SECRETS}
    return {**values, **secrets, "PATH": os.environ["PATH"]}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_check_deploy_is_clean_with_the_values_of_the_example() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **production_environment())
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        done.stderr
    )


@pytest.mark.parametrize("name", SECRETS)
def test_without_a_secret_nothing_starts_and_the_message_says_what_to_do(name: str) -> None:
    done = manage("check", **(production_environment() | {name: ""}))
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr


def test_a_short_key_for_encryption_is_refused_beside_long_ones() -> None:
    long = production_environment()["ENCRYPTION_KEYS"]
    done = manage("check", **(production_environment() | {"ENCRYPTION_KEYS": f"{long},{'x' * 31}"}))
    assert done.returncode != 0
    assert "fewer than 32 characters" in done.stderr


def test_the_embedded_database_is_refused_when_debug_is_off() -> None:
    done = manage("check", **(production_environment() | {"DATABASE_URL": ""}))
    assert done.returncode != 0
    assert done.stderr.strip().startswith("DEBUG is off and the embedded database is for development only")
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_postgresql_is_refused() -> None:
    done = manage("check", **(production_environment() | {"DATABASE_URL": "sqlite:///x.db"}))
    assert done.returncode != 0
    assert "DATABASE_URL must name a PostgreSQL database" in done.stderr


@pytest.mark.parametrize(("given", "threshold"), [("", "None"), ("0", "0"), ("5", "5")])
def test_preparing_statements_can_be_switched_off(given: str, threshold: str) -> None:
    show = "from config import settings; print(settings.DATABASES['default']['OPTIONS']['prepare_threshold'])"
    done = subprocess.run(
        [sys.executable, "-c", show],
        cwd=ROOT,
        env=production_environment() | {"DATABASE_PREPARE_THRESHOLD": given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"{threshold}\n", done.stderr


def test_every_setting_that_is_read_stands_in_the_example() -> None:
    files = "".join((ROOT / "config" / name).read_text() for name in ("settings.py", "gunicorn.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', files))
    read |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    example = (ROOT / ".env.example").read_text()
    shown = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert read - shown == set()
    assert shown - read == set()


def test_no_log_line_but_json_also_while_developing() -> None:
    assert logging.getLogger("django").handlers == []
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    assert isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)

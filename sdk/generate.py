"""Writes the parts of both client libraries that follow from the engine: its error codes and the shapes of its JSON.

    DEBUG=on .venv/bin/python -m sdk.generate

after a change of the API, once docs/openapi.yaml is renewed. A test fails while they differ.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import yaml

ROOT = Path(__file__).resolve().parent.parent


def document(path: Path) -> Any:
    """The OpenAPI document; by the fast reader, where PyYAML was built with it."""
    reader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(), Loader=reader)  # noqa: S506 - a safe one


def generated(path: Path = ROOT / "docs" / "openapi.yaml") -> dict[Path, str]:
    """What each generated file should hold."""
    from loyalty.api.common.problems import PROBLEMS  # noqa: PLC0415 - needs the settings
    from sdk import problems, shapes  # noqa: PLC0415

    found = shapes.of(document(path))
    python, javascript = ROOT / "sdk/python/loyalty_engine_client", ROOT / "sdk/javascript/src"
    return {
        python / "problems.py": _formatted(problems.in_python(PROBLEMS)),
        python / "shapes.py": _formatted(shapes.in_python(found)),
        javascript / "problems.js": problems.in_javascript(PROBLEMS),
        javascript / "problems.d.ts": problems.in_typescript(PROBLEMS),
        javascript / "shapes.d.ts": shapes.in_typescript(found),
    }


def _formatted(source: str) -> str:
    """As `make fmt` leaves it."""
    command = [sys.executable, "-m", "ruff", "format", "-"]
    return subprocess.run(  # noqa: S603 - our own
        command, input=source, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for target, text in generated(*map(Path, sys.argv[1:])).items():
        target.write_text(text)

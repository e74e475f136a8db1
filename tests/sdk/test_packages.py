"""Both libraries are built as packages, and what is built can be used by itself."""

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from tests.sdk import JAVASCRIPT, PYTHON, ROOT, node

USE_PYTHON = """
import loyalty_engine_client as library
assert "site" in library.__file__, library.__file__
client = library.Client("sk", base_url="http://127.0.0.1:1", max_retries=0)
try:
    client.points.award(customer_id="ada", points=1)
except library.NoAnswerError as error:
    print(error.code)
"""
USE_JAVASCRIPT = """
import { Client, NoAnswerError, InsufficientBalanceError, webhooks } from "loyalty-engine-client";
const loyalpro = new Client("sk", { baseUrl: "http://127.0.0.1:1", maxRetries: 0 });
await loyalpro.points.award({ customer_id: "ada", points: 1 }).catch((error) => {
  if (error instanceof NoAnswerError && webhooks.verify && InsufficientBalanceError) console.log(error.code);
});
"""


def names(folder: Path, *suffixes: str) -> set[str]:
    return {
        path.relative_to(folder.parent).as_posix() for path in folder.rglob("*") if path.suffix in suffixes
    }


def test_the_python_library_is_built_and_works_from_its_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(PYTHON, source, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(source)]
    done = subprocess.run(build, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (sdist,), (wheel,) = (tmp_path / "dist").glob("*.tar.gz"), (tmp_path / "dist").glob("*.whl")
    modules = names(PYTHON / "loyalty_engine_client", ".py", ".typed")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
        metadata = message_from_string(
            archive.read(next(name for name in packed if name.endswith("METADATA"))).decode()
        )
        archive.extractall(tmp_path / "site")
    assert {name for name in packed if "dist-info" not in name} == modules
    assert "loyalty_engine_client/py.typed" in packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    assert (metadata["Name"], metadata["License-Expression"]) == ("loyalty-engine-client", "Apache-2.0")
    assert metadata.get_all("Requires-Dist") == ["requests>=2.32"]
    with tarfile.open(sdist) as archive:
        unpacked = {name.partition("/")[2] for name in archive.getnames()}
    assert unpacked >= modules | {"README.md", "LICENSE", "pyproject.toml"}
    used = subprocess.run(
        [sys.executable, "-c", USE_PYTHON],
        env={"PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (used.returncode, used.stdout) == (0, "no_answer\n"), used.stderr


def test_the_javascript_library_is_packed_and_works_once_installed(tmp_path: Path) -> None:
    packed = tmp_path / "node_modules" / "loyalty-engine-client"
    description = json.loads((JAVASCRIPT / "package.json").read_text())
    assert (description["license"], description["type"]) == ("Apache-2.0", "module")
    assert "dependencies" not in description
    if npm := shutil.which("npm"):
        done = subprocess.run(
            [npm, "pack", "--json", "--ignore-scripts", "--pack-destination", str(tmp_path)],
            cwd=JAVASCRIPT,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        (archive,) = tmp_path.glob("*.tgz")
        shutil.unpack_archive(archive, tmp_path)
        packed.parent.mkdir()
        (tmp_path / "package").rename(packed)
    else:  # what `files` names is what would be packed
        for name in ("package.json", *description["files"]):
            target = packed / name
            copy = shutil.copytree if (JAVASCRIPT / name).is_dir() else shutil.copy
            target.parent.mkdir(parents=True, exist_ok=True)
            copy(JAVASCRIPT / name, target)
    found = {path.relative_to(packed).as_posix() for path in packed.rglob("*") if path.is_file()}
    assert found == names(JAVASCRIPT / "src", ".js", ".ts") | {"package.json", "README.md", "LICENSE"}
    (tmp_path / "use.mjs").write_text(USE_JAVASCRIPT)
    used = subprocess.run(
        [node.needed_node(), str(tmp_path / "use.mjs")], check=False, capture_output=True, text=True
    )
    assert (used.returncode, used.stdout) == (0, "no_answer\n"), used.stderr


@pytest.mark.parametrize("package", [PYTHON, JAVASCRIPT])
def test_each_package_carries_the_licence(package: Path) -> None:
    assert (package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_both_have_the_same_name_and_version() -> None:
    import tomllib

    project = tomllib.loads((PYTHON / "pyproject.toml").read_text())["project"]
    description = json.loads((JAVASCRIPT / "package.json").read_text())
    assert (project["name"], project["version"]) == (description["name"], description["version"])
    agent = (PYTHON / "loyalty_engine_client" / "transport.py").read_text()
    assert f'"loyalty-engine-client-python/{project["version"]}"' in agent

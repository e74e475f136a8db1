"""sdk/javascript/test, by Node's own test runner."""

from tests.sdk import JAVASCRIPT, node


def test_the_javascript_librarys_own_tests() -> None:
    files = sorted(str(path) for path in (JAVASCRIPT / "test").glob("*.test.js"))
    assert len(files) == 2
    done = node.run("--test", "--test-reporter=tap", *files)
    assert done.returncode == 0, "\n".join(
        line for line in done.stdout.splitlines() if "not ok" in line or "error:" in line or "actual" in line
    )
    assert "# fail 0" in done.stdout
    assert "# skipped 0" in done.stdout

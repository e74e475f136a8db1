"""Fixtures of all tests. Each test has a tenant of its own; nothing is shared, nothing is flushed."""

import contextlib
import gc
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
import simplejson
import time_machine
from django.db import connections, transaction
from django.test import Client
from django.test.utils import setup_databases, teardown_databases

from loyalty.api.common.authentication import forget_keys
from loyalty.api.common.throttling import forget_counts
from loyalty.errors import ServiceUnavailable
from programs.models import Environment
from programs.queries import snapshots
from tests import factories
from tests.waiting import PATIENT, wait_for_locks

hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """What was collected stays to the end: looking through it again and again was a third of the run."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    return found


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for each reason why tests were skipped: nobody takes a part of the run for the whole."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture
def at_noon() -> Iterator[None]:
    """Today, but at noon: for a test that asks for the day more than once, which midnight would break."""
    with time_machine.travel(datetime.now(UTC).replace(hour=12, minute=0)):
        yield


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    """No rate limit and no warm key outlives a test."""
    forget_counts()
    forget_keys()
    yield
    forget_counts()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Many users are made here, and none is attacked."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def environment(db: None) -> Environment:
    """A sandbox of its own."""
    return factories.make_environment()


class Api:
    """Calls /v1 as a tenant's server does."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Headers by their Python names: `Idempotency_Key="k"`."""
        return self.client.generic(
            method,
            path,
            body if isinstance(body, str | bytes) else "" if body is None else self.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"}
            | {name.replace("_", "-"): v for name, v in headers.items()},
        )

    @staticmethod
    def dumps(body: Any) -> str:
        return simplejson.dumps(body, use_decimal=True)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)


@pytest.fixture
def api(environment: Environment) -> Api:
    """A client with a key of `environment` that may do everything."""
    return Api(factories.make_key(environment))


@pytest.fixture(scope="session")
def test_database(request: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database also in a run of `committed` tests alone: pytest-django does not count those.
    With --reuse-db it stays, and the next run begins at once."""
    made, keep = None, request.config.getvalue("reuse_db")
    with django_db_blocker.unblock():
        if not connections["default"].settings_dict["NAME"].startswith("test_"):
            made = setup_databases(verbosity=0, interactive=False, keepdb=keep, aliases={"default": {}})
    yield
    if made is not None and not keep:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="module")
def module_data(test_database: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction round a module's tests, for data that they share: each works in a savepoint on top of it.
    Not in a module with `committed` tests, whose threads would not see it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def fresh_snapshots() -> None:
    """A configuration that a test changed and its end undid is in no cache: its version comes again."""
    snapshots._cache.clear()


@pytest.fixture
def committed(test_database: None, django_db_blocker: Any) -> Iterator[None]:
    """The database without the transaction round the test, for threads with connections of their own.

    What is written stays (append-only tables refuse the usual flush), so such a test works in an
    organization of its own and counts nothing outside it.
    """
    with django_db_blocker.unblock():
        yield
        connections.close_all()


@pytest.fixture
def committed_environment(committed: None) -> Environment:
    return factories.make_environment()


@pytest.fixture
def together() -> Callable[..., list[Any]]:
    """Run a function in many threads at once, each on its own connection: what each returned or raised. A lock is
    waited for longer than in a server, since a machine may be slow; who is told to come back comes back twice."""

    def run(function: Callable[[int], Any], threads: int = 16, *, lock_timeout: str = PATIENT) -> list[Any]:
        def guarded(number: int) -> Any:
            try:
                wait_for_locks(lock_timeout)
                for _ in range(2):
                    with contextlib.suppress(ServiceUnavailable):
                        return function(number)
                return function(number)
            except Exception as error:  # noqa: BLE001 - the test looks at what each thread met
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(guarded, range(threads)))

    return run

"""The whole schema, fuzzed in process: no 500, no undocumented answer, answers as documented, faulty data refused.

The usual run is short and always the same. LOYALTY_FUZZ_SECONDS=600 adds ten minutes of random cases.
"""

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from config.wsgi import application
from tests import factories
from tests.api.operations import document, operations
from tests.api.world import Owner

SECONDS = int(os.environ.get("LOYALTY_FUZZ_SECONDS", "0"))
EXAMPLES = 8  # random cases per operation, besides the schema's boundary values

# Our key is always sent, so its absence can't be a case; and an extra parameter may end up as no text at all.
GENERATION = {"with-security-parameters": False, "allow-extra-parameters": False}
CONFIG = schemathesis.Config.from_dict({"generation": GENERATION})
schema = schemathesis.openapi.from_dict(document(), config=CONFIG)
schema.app = application
OPERATIONS = {
    f"{one.method.upper()} {one.path}": schema[one.path][one.method.upper()] for one in operations()
}
EXCLUDED = CHECKS.get_by_names(
    [
        "ignored_auth",  # the key below is always sent; test_authorization.py has all others
        "positive_data_acceptance",  # a schema can't say whose cursor, condition or clock it is
    ]
)
SETTINGS: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink],
}


@pytest.fixture
def owner(owner: Owner, settings: Any) -> Iterator[Owner]:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    # As Django's test client does: the connection carries the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield owner
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


class Caller:
    """Sends cases with a key that may do everything; every second one on ids that exist."""

    def __init__(self, owner: Owner) -> None:
        self.ids = owner.ids
        self.headers = {"Authorization": f"Bearer {factories.make_key(owner.environment)}"}
        self.sent = 0

    def check(self, case: Any) -> None:
        self.sent += 1
        if self.sent % 2:
            for container in (case.path_parameters, case.query):
                if isinstance(container, dict):
                    container.update({name: self.ids[name] for name in container.keys() & self.ids.keys()})
        case.call_and_validate(headers=self.headers, excluded_checks=EXCLUDED)


@pytest.fixture
def caller(owner: Owner) -> Caller:
    return Caller(owner)


@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, derandomize=True, **SETTINGS)
def test_no_request_gets_an_undocumented_answer(case: Any, caller: Caller) -> None:
    caller.check(case)


@pytest.mark.skipif(not SECONDS, reason="LOYALTY_FUZZ_SECONDS is not set")
@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("label", OPERATIONS)
def test_no_random_request_gets_an_undocumented_answer(label: str, caller: Caller) -> None:
    ends = time.monotonic() + SECONDS / len(OPERATIONS)
    batch = 0
    while time.monotonic() < ends:
        batch += 1
        wrong = batch % 2 and _can_be_wrong(OPERATIONS[label])
        mode = GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE

        @hypothesis.seed(random.getrandbits(64))
        @hypothesis.settings(max_examples=50, **SETTINGS)
        @hypothesis.given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
        def fuzz(case: Any) -> None:
            caller.check(case)

        fuzz()
    assert caller.sent > 50


def _can_be_wrong(operation: Any) -> bool:
    """Whether there is anything that the schema would refuse; any text is an id in a path."""
    return "requestBody" in operation.definition.raw or len(operation.query) > 0

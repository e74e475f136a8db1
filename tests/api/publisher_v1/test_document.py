"""The K42 document as HTTP calls: its requests and answers, byte for byte."""

import pytest

from programs.models import Environment
from tests.api.publisher_v1.conftest import COFFEE, TEA, make_program
from tests.api.wire import play
from tests.conftest import Api


@pytest.mark.parametrize(("name", "program"), [("k42_document", COFFEE), ("k42_transactions", TEA)])
def test_the_documents_calls_are_answered_to_the_byte(
    api: Api, then: Environment, name: str, program: dict[str, object]
) -> None:
    make_program(then, **program)
    play(api, f"publisher_v1/{name}", errors="application/json", to_the_byte=True)

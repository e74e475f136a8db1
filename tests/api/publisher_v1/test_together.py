"""The same purchase, enrolment and refund from many threads at once, by both surfaces."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.instants import to_the_second
from loyalty.models import Event, LedgerEntry, Stamp, StampCollection
from programs.models import Environment
from tests import factories
from tests.api.publisher_v1.conftest import TEA, make_program
from tests.conftest import Api

CREATE, REFUND = "/publisher.v1/transaction/create", "/publisher.v1/transaction/refund"
JOIN = "/publisher.v1/wallet.stamp-collection/create"


def test_one_purchase_from_eight_threads_by_both_ways_is_one_stamp_and_one_refund(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    environment = committed_environment
    card = factories.make_card(environment, make_program(environment, **TEA))
    factories.make_rule(environment, published_at=timezone.now() - timedelta(days=1))
    key, at = factories.make_key(environment), to_the_second(timezone.now() - timedelta(hours=1))
    here = {"id": "order-1", "member_id": "ada", "amount": 1250, "currency": "GBP", "occurred_at": at}
    there = {"event_id": "order-1", "type": "purchase", "member_id": "ada", "occurred_at": at}
    there["data"] = {"amount": "12.5", "currency": "GBP"}  # type: ignore[assignment]

    def buy(number: int) -> tuple[int, bytes]:
        answer = Api(key).post(*((CREATE, here) if number % 2 else ("/v1/events", there)))
        return answer.status_code, answer.content if number % 2 else b""

    bought = together(buy, 8)
    assert {status for status, _ in bought} <= {200, 201}, bought
    assert len({content for _, content in bought if content}) == 1, "the same answer to each"
    rows = {"environment_id": environment.id}
    assert (Event.objects.filter(**rows).count(), Stamp.objects.filter(**rows).count()) == (1, 1)
    assert StampCollection.objects.get(pk=card.pk).counter == 1

    back = {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}
    answers = together(lambda _: Api(key).post(REFUND, back), 8)
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert StampCollection.objects.get(pk=card.pk).counter == 0
    assert sorted(entry.points for entry in LedgerEntry.objects.filter(**rows)) == [-12, 12]


def test_of_eight_enrolments_at_once_one_is_done(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    environment = committed_environment
    make_program(environment, **TEA)
    key = factories.make_key(environment)
    body = {"loyalty_program_id": "lp_tea", "member_id": "ada"}
    answers = together(lambda _: Api(key).post(JOIN, body), 8)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    codes = {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"already_enrolled"}
    assert StampCollection.objects.filter(environment_id=environment.id).count() == 1

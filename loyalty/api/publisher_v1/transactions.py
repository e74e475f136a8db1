"""transaction/*: purchases and refunds. Each is the event of that type, the same as POST /v1/events records."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.events import REFUND, record_event
from loyalty.api.publisher_v1 import examples, rendering, shapes
from loyalty.api.publisher_v1.bodies import PublisherPurchaseBody, PublisherRefundBody
from loyalty.api.publisher_v1.docs import operation
from loyalty.api.publisher_v1.errors import in_own_names
from loyalty.api.publisher_v1.event_data import purchase_data, refund_data
from loyalty.api.publisher_v1.views import PublisherView
from loyalty.ledger.idempotency import Idempotency
from loyalty.queries.events import RecordedEvent
from loyalty.queries.purchases import find_purchase
from loyalty.rules.stamps import PURCHASE
from programs.models import Environment


class CreateView(PublisherView):
    scopes = {"POST": "events:write"}

    @operation(
        "publisher_create_transaction",
        "Report a purchase",
        scope="events:write",
        body=PublisherPurchaseBody,
        request_example=examples.PURCHASE_REQUEST,
        answer=shapes.PublisherPurchase,
        example=examples.PURCHASE,
        refusals=["event_id_reused", "event_too_late", "member_frozen"],
        writes=True,
        description="The event of type `purchase` whose `event_id` is `id`, as `POST /v1/events` takes it: it also "
        "earns points. The same purchase again, by either way, changes nothing and answers the same; with other "
        "content it is `event_id_reused`.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(PublisherPurchaseBody)
        with own_names():
            return self.write(
                record_event,
                rendering.purchase,
                event_id=body["id"],
                type=PURCHASE,
                member=body["member_id"],
                data=purchase_data(body),
                occurred_at=body["occurred_at"],
                actor=self.actor,
                now=self.now,
            )


class RefundView(PublisherView):
    scopes = {"POST": "events:write"}

    @operation(
        "publisher_refund_transaction",
        "Refund a purchase, whole or in parts",
        scope="events:write",
        body=PublisherRefundBody,
        request_example=examples.REFUND_REQUEST,
        answer=shapes.PublisherRefund,
        example=examples.REFUND,
        refusals=["purchase_not_found", "refund_exceeds_purchase", "event_id_reused"],
        writes=True,
        description="The event of type `refund`: what the purchase would not have stamped or earned without this "
        "part is taken back. Amounts are in the smallest unit of the purchase's currency. The same refund again, by "
        "either way, changes nothing and answers the same.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(PublisherRefundBody)
        with own_names():
            return self.write(
                _record_refund,
                lambda found: rendering.refund(found, body["transaction_id"]),
                body=body,
                actor=self.actor,
                now=self.now,
            )


def _record_refund(
    *,
    environment: Environment,
    body: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None,
) -> RecordedEvent:
    """By the member who made the purchase, in its currency. Raises Replay before PurchaseNotFound: what was done
    is answered alike, also where the purchase is no longer anybody's."""
    if idempotency:
        idempotency.check_stored(environment.id)
    bought = find_purchase(environment=environment, event_id=body["transaction_id"])
    return record_event(
        environment=environment,
        event_id=body["id"],
        type=REFUND,
        member=bought.member.external_id,
        data=refund_data(body, bought.currency),
        actor=actor,
        now=now,
        idempotency=idempotency,
    )


@contextmanager
def own_names() -> Iterator[None]:
    """Refusals name fields as the caller sent them."""
    try:
        yield
    except InvalidRequest as refusal:
        raise in_own_names(refusal) from refusal

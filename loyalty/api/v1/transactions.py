"""/v1/transactions: the ledger's entries."""

from datetime import datetime
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound, PermissionRefused
from audit.ids import parse_public
from loyalty.actions.points import MAX_POINTS
from loyalty.actions.reversals import reverse
from loyalty.api.common.fields import Body, Integer, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import HISTORY_WINDOW, operation
from loyalty.api.v1.filters import TransactionFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.reversing import reversal
from loyalty.queries.history import find_shown_transaction, find_transaction, transactions_of
from loyalty.queries.windows import Windows, windows_of
from programs.queries.snapshots import snapshot


class TransactionListView(ListView):
    scopes = {"GET": "points:read"}
    filters = TransactionFilters

    @operation(
        "list_transactions",
        "Transactions of the environment",
        scope="points:read",
        query=PageQuery,
        filters=TransactionFilters,
        answer=shapes.TransactionPage,
        example=examples.page(examples.TRANSACTION),
        tag="transactions",
        description=HISTORY_WINDOW,
    )
    def get(self, request: Request) -> Response:
        windows = windows_of(self.environment, self.now)
        return self.listed(
            transactions_of(self.environment, windows),
            lambda entry: rendering.transaction(entry, entry.member.external_id, entry.account.metric.code),
            **rendering.history_from(self._since(windows)),
        )

    def _since(self, windows: Windows | None) -> datetime | None:
        """From then on nothing is left out; where one metric is asked for, that of its program."""
        if windows is None:
            return None
        metric = snapshot(self.environment).metric(self.request.query_params.get("metric", ""))
        return windows.of(metric.program_id) if metric else windows.tightest


class TransactionView(EngineView):
    scopes = {"GET": "points:read"}

    @operation(
        "retrieve_transaction",
        "A transaction",
        scope="points:read",
        answer=shapes.Transaction,
        example=examples.TRANSACTION,
        refusals=["not_found"],
        tag="transactions",
    )
    def get(self, request: Request, transaction_id: str) -> Response:
        key = entry_id(transaction_id)
        entry = find_shown_transaction(environment=self.environment, entry=key, now=self.now)
        return Response(rendering.transaction(entry, entry.member.external_id, entry.account.metric.code))


class ReverseBody(Body):
    points = Integer(
        min_value=1, max_value=MAX_POINTS, required=False, help_text="Everything that is left, if absent."
    )
    reason = Text(help_text="Why; shown in the history.")


class ReverseView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "reverse_transaction",
        "Reverse a transaction, whole or in part",
        scope="points:write",
        body=ReverseBody,
        request_example={"reason": "Order cancelled"},
        answer=shapes.ReversalShape,
        example=examples.REVERSAL,
        status=201,
        refusals=["not_found", "not_reversible", "use_cancel", "already_reversed", "insufficient_balance"],
        writes=True,
        tag="transactions",
        description="Partial reversals add up, never above the original.\n\n"
        "A *credit* is taken back from its own points first, then from other vested ones, the earliest expiry first. "
        "For what is gone the metric's `negative_balance` decides: `debt` goes below zero, and later credits pay; "
        "`clip` takes what is there and keeps the `shortfall`; `reject` refuses. Points of it that have expired "
        "already are not taken twice.\n\n"
        "A *spend* goes back to the very lots it came from, with their own dates. It pays debt first; what has "
        "expired meanwhile expires again at once.\n\n"
        "To reverse an *adjustment* takes the scope `points:adjust` as well.",
    )
    def post(self, request: Request, transaction_id: str) -> Response:
        entry = entry_id(transaction_id)
        self._check_scope(entry)
        return self.write(
            reverse,
            reversal,
            http_status=201,
            entry=entry,
            actor=self.actor,
            now=self.now,
            **{"points": None, **self.body(ReverseBody)},
        )

    def _check_scope(self, entry: UUID) -> None:
        """Who may not adjust may not undo an adjustment either."""
        if self.principal.may("points:adjust"):
            return
        if find_transaction(environment=self.environment, entry=entry).type == "adjusted":
            raise PermissionRefused(
                "To reverse an adjustment takes the scope 'points:adjust'.", scope="points:adjust"
            )


def entry_id(transaction_id: str) -> UUID:
    """The key in a `txn_` id. Raises NotFound for any other text."""
    key = parse_public("txn", transaction_id)
    if key is None:
        raise NotFound(f"There is no transaction {transaction_id!r} in this environment.")
    return key

"""/v1/transactions: the ledger's entries."""

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from audit.ids import parse_public
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import TransactionFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.queries.history import transactions_of


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
    )
    def get(self, request: Request) -> Response:
        return self.listed(
            transactions_of(self.environment),
            lambda entry: rendering.transaction(entry, entry.member.external_id, entry.account.metric.code),
        )


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
        key = parse_public("txn", transaction_id)
        entry = transactions_of(self.environment).filter(id=key).first() if key else None
        if entry is None:
            raise NotFound(f"There is no transaction {transaction_id!r} in this environment.")
        return Response(
            rendering.transaction(entry, entry.member.external_id or "", entry.account.metric.code)
        )

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from benchmarks.yardstick.posting import Posting
from benchmarks.yardstick.serializers import AccountSerializer, EntrySerializer, PostingSerializer
from loyalty.models import Account, IdempotencyRecord, LedgerEntry, Member
from programs.models import ApiKey


def key_of(request: Request) -> ApiKey:
    return cast("ApiKey", request.auth)


class Newest(CursorPagination):
    page_size = 20
    ordering = "-sequence"


class PointsViewSet(ListModelMixin, GenericViewSet[LedgerEntry]):
    serializer_class = EntrySerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        environment = key_of(self.request).environment
        member = get_object_or_404(
            Member, environment=environment, external_id=self.request.query_params["customer_id"]
        )
        entries = LedgerEntry.objects.filter(member=member, account__metric__code="points")
        before = self.request.query_params.get("before")
        if before:  # as deep as the engine's cursor goes, whatever DRF's own looks like
            entries = entries.filter(sequence__lt=int(before))
        return entries.select_related("member", "account__metric", "event")

    @action(detail=False, methods=["post"])
    def award(self, request: Request) -> HttpResponse:
        return self._post(request, Posting.award)

    @action(detail=False, methods=["post"])
    def redeem(self, request: Request) -> HttpResponse:
        return self._post(request, Posting.spend)

    def _post(self, request: Request, what: Any) -> HttpResponse:
        given = PostingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        key = request.headers["Idempotency-Key"]
        mine = IdempotencyRecord.objects.filter(environment_id=key_of(request).environment_id)
        done = mine.filter(key=key).first()
        if done:
            return HttpResponse(done.answer, status=done.status, content_type="application/json")
        posting = Posting(key_of(request), given.validated_data)
        entry = what(posting)
        answer = EntrySerializer(entry).data
        posting.answered(key, lambda: JSONRenderer().render(answer).decode())
        return Response(answer, 201)


class BalancesViewSet(GenericViewSet[Account]):
    serializer_class = AccountSerializer
    lookup_value_regex = "[^/]+"

    @action(detail=True)
    def balances(self, request: Request, pk: str) -> Response:
        member = get_object_or_404(Member, environment=key_of(request).environment, external_id=pk)
        accounts = Account.objects.filter(member=member).select_related("metric")
        return Response(
            {"member_id": member.external_id, "data": AccountSerializer(accounts, many=True).data}
        )

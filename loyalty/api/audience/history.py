"""GET /api/loyalty/history: all that the member achieved, received and lost."""

from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.profiles import open_profile
from loyalty.api.audience import examples, rendering, shapes
from loyalty.api.audience.bodies import HistoryQuery
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from loyalty.queries.member_history import history_of, ms_at

_NEXT = OpenApiParameter(
    "Link",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description='`<address>; rel="next"` of the next page, where there is one.',
)


class HistoryView(AudienceView):
    @operation(
        "audience_history",
        "Get transaction history",
        answer=shapes.AudienceHistoryAnswer,
        example=examples.HISTORY,
        query=HistoryQuery,
        parameters=[_NEXT],
        description="Ascending by `timestamp`; a page ends where a timestamp does, so that none is cut. "
        "What is older than the program's retention or the plan's history is left out; `history_from` then says from "
        "when on nothing is.",
    )
    def get(self, request: Request) -> Response:
        asked = self.query(HistoryQuery)
        member = open_profile(
            environment=self.environment, member=self.member, actor=self.actor, now=self.now
        )
        found = history_of(
            environment=self.environment,
            member=member,
            since_ms=asked.get("from"),
            until_ms=asked.get("to"),
            now=self.now,
        )
        headers = {} if found.next_ms is None else {"Link": f'<{self._at(found.next_ms, asked)}>; rel="next"'}
        answer = self.envelope([rendering.history_line(line) for line in found.lines], **headers)
        if found.history_from is not None:
            answer.data["history_from"] = ms_at(found.history_from)
        return answer

    def _at(self, since_ms: int, asked: dict[str, int]) -> str:
        query = urlencode(asked | {"from": since_ms})
        return str(self.request.build_absolute_uri(f"{self.request.path}?{query}"))

"""GET /api/loyalty/config: what there is to achieve."""

from uuid import UUID

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.audience import examples, shapes
from loyalty.api.audience.authentication import ConfigAuthentication
from loyalty.api.audience.config_bodies import config_body
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from programs.pictures import picture_path
from programs.queries.snapshots import snapshot


class ConfigView(AudienceView):
    authentication_classes = [ConfigAuthentication]
    anyone_may = frozenset({"GET"})

    @operation(
        "audience_config",
        "Get loyalty configuration",
        answer=shapes.AudienceConfigAnswer,
        example=examples.CONFIG,
        description="Without Authorization it answers for the environment whose public host is the request's `Host`. "
        "Challenges that are active and not over, also those that are yet to begin. With the answer's `ETag` in "
        "`If-None-Match` it is 304, without a body, as long as nothing has changed.",
    )
    def get(self, request: Request) -> Response:
        config = snapshot(self.environment)
        found = config_body(config, self.now, request.build_absolute_uri("/"), self.picture)
        headers = {"ETag": found.etag, "Cache-Control": "no-cache"}  # kept, and asked for again each time
        if self.has(found.etag):
            return Response(status=304, headers=headers)
        return Response(found.text, headers=headers)

    def has(self, etag: str) -> bool:
        """Whether the caller has this answer already."""
        given = parse_etags(self.request.headers.get("If-None-Match", ""))
        return "*" in given or etag in (each.removeprefix("W/") for each in given)

    def picture(self, picture: UUID) -> str:
        """Where an uploaded picture is served."""
        return str(self.request.build_absolute_uri(picture_path(picture)))

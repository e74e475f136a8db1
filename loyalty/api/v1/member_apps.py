"""/v1/member-app: how the members' own app reaches the environment (api.md, /api/loyalty)."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.configuration import configure_once
from loyalty.api.common.fields import Body, Pattern, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import challenge_examples, challenge_shapes
from loyalty.api.v1.challenge_rendering import member_app
from loyalty.api.v1.docs import operation
from programs.actions.member_apps import MAX_EVENT_TYPES, MAX_ORIGINS, member_app_of, save_member_app
from programs.event_types import EVENT_TYPE


class MemberAppChanges(Body):
    public_host = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=253,
        help_text="The host, with its port if it has one, at which the app reads its configuration without a key; the "
        "server must answer to it.",
    )
    origins = serializers.ListField(
        required=False,
        max_length=MAX_ORIGINS,
        child=Text(max_length=300),
        help_text="Web pages that may call: https://shop.example; an app's own, as capacitor://localhost; http for "
        "localhost and 127.0.0.1 alone.",
    )
    event_types = serializers.ListField(
        required=False,
        max_length=MAX_EVENT_TYPES,
        child=Pattern(EVENT_TYPE),
        help_text="What members may report themselves, although something configured looks at it; never purchase or "
        "refund.",
    )


class MemberAppView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    http_method_names = ["get", "head", "patch"]

    @operation(
        "retrieve_member_app",
        "The members' app",
        scope="config:read",
        answer=challenge_shapes.MemberAppShape,
        example=challenge_examples.MEMBER_APP,
        tag="programs",
    )
    def get(self, request: Request) -> Response:
        return Response(member_app(member_app_of(self.environment)))

    @operation(
        "update_member_app",
        "Set up the members' app",
        scope="config:write",
        body=MemberAppChanges,
        request_example={"origins": ["https://shop.example"]},
        answer=challenge_shapes.MemberAppShape,
        example=challenge_examples.MEMBER_APP | {"origins": ["https://shop.example"]},
        writes=True,
        tag="programs",
        description="Lists are replaced whole. A host belongs to one environment.",
    )
    def patch(self, request: Request) -> Response:
        body = self.body(MemberAppChanges)
        return self.write(
            configure_once,
            member_app,
            change=lambda: save_member_app(environment=self.environment, actor=self.actor, changes=body),
        )

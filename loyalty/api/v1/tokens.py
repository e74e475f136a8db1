"""/v1/members/{id}/tokens: for tenants whose server has no JWT library (domain.md 1)."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.tokens import DEFAULT_LIFE, LONGEST_LIFE, SHORTEST_LIFE, issue_token
from loyalty.api.common.fields import Body, Integer, check_external_id
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1.docs import operation

EXAMPLE = {
    "token": "eyJhbGciOiJIUzI1NiIsImtpZCI6Im10a18wMTkwYjZkMiJ9.eyJzdWIiOiJjdXNfYWJjMTIzIn0.c2lnbmF0dXJl",
    "member_id": "cus_abc123",
    "kid": "mtk_0190b6d2c0a17c3e8f5d2b1a4c6e8f01",
    "expires_at": "2026-01-31T13:00:00Z",
}


class TokenBody(Body):
    expires_in = Integer(
        min_value=SHORTEST_LIFE,
        max_value=LONGEST_LIFE,
        required=False,
        help_text=f"Seconds; {DEFAULT_LIFE}, if absent.",
    )


class TokenShape(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="A JWT: the member's app sends it as `Authorization: Bearer …`.")
    member_id = serializers.CharField()
    kid = serializers.CharField(help_text="The key that signed it; revoking that ends the token.")
    expires_at = serializers.DateTimeField()


class TokenView(EngineView):
    scopes = {"POST": "tokens:write"}

    @operation(
        "issue_customer_token",
        "Issue a token for a customer's own app",
        scope="tokens:write",
        body=TokenBody,
        request_example={"expires_in": 900},
        answer=TokenShape,
        example=EXAMPLE,
        status=201,
        tag="customers",
        refusals=["not_found"],
        description="Signed with the environment's newest HS256 key; one is made if there is none. The customer need "
        "not exist yet, and is not made. Times are real, also in a sandbox whose clock is set. Takes no "
        "Idempotency-Key: a repeated call issues another token, which only its line in the audit trail tells of, "
        "and answers are kept nowhere.",
    )
    def post(self, request: Request, customer_id: str) -> Response:
        check_external_id(customer_id, "customer_id")
        issued = issue_token(
            environment=self.environment,
            member=customer_id,
            actor=self.actor,
            now=timezone.now(),
            **self.body(TokenBody),
        )
        answer = {
            "token": issued.token,
            "member_id": issued.member,
            "kid": issued.kid,
            "expires_at": instant(issued.expires_at),
        }
        return Response(answer, 201)


@extend_schema_view(post=extend_schema(operation_id="issue_member_token"))
class MemberTokenView(TokenView):
    """The same by its other name."""

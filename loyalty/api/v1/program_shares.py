"""/v1/program-shares: programs that another project of the organization may use (domain.md 1.5)."""

from typing import Any

from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest, NotFound
from audit.ids import parse_public
from loyalty.actions.configuration import configure_once
from loyalty.actions.points import find_program
from loyalty.api.common.fields import Body, Text
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.shapes import page_of
from programs.actions.shares import revoke_share, share_program
from programs.models import Environment, ProgramShare
from programs.queries.shares import guest_named, shares_of
from programs.queries.snapshots import snapshot

EXAMPLE: dict[str, Any] = {
    "id": "shr_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8c",
    "direction": "given",
    "program": "prg_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "name": "Default program",
    "project": "Café",
    "reason": "One card for shop and café",
    "created_at": "2026-01-01T09:30:00Z",
    "revoked_at": None,
}
REVOKED = EXAMPLE | {"revoked_at": "2026-03-01T12:00:00Z"}


class ProgramShareBody(Body):
    program = Text(max_length=64, help_text="A program of yours: code or id.")
    project = Text(max_length=200, help_text="The other project of your organization: its name or id.")
    reason = Text(max_length=500, allow_blank=False, help_text="Why; both projects read it.")


class ProgramShareShape(s.Serializer[Any]):
    id = s.CharField()
    direction = s.ChoiceField(
        choices=["given", "received"], help_text="given: a program of yours. received: one that you may name."
    )
    program = s.CharField(help_text="prg_…; how calls name it.")
    name = s.CharField(help_text="The program's.")
    project = s.CharField(help_text="The other side's name.")
    reason = s.CharField()
    created_at = s.DateTimeField()
    revoked_at = s.DateTimeField(allow_null=True)


ProgramSharePage = page_of(ProgramShareShape, "ProgramSharePage")


class ProgramShareListView(ListView):
    feature = "cross_project"
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_program_shares",
        "Shared programs",
        scope="config:read",
        query=PageQuery,
        answer=ProgramSharePage,
        example=examples.page(EXAMPLE),
        tag="programs",
        description="Those that you share and those that are shared with you; revoked ones too.",
    )
    def get(self, request: Request) -> Response:
        return self.listed(shares_of(self.environment), lambda share: shown(share, self.environment))

    @operation(
        "create_program_share",
        "Share a program",
        scope="config:write",
        body=ProgramShareBody,
        request_example={"program": "default", "project": "Café", "reason": "One card for shop and café"},
        answer=ProgramShareShape,
        example=EXAMPLE,
        status=201,
        refusals=["program_not_found", "feature_not_in_plan"],
        writes=True,
        tag="programs",
        description="Calls of the other project, in the environment of the same kind, may then name the program by its "
        "`prg_` id: events, batches, awards, plain spends, balances and history. Wallets stay with you, under the same "
        "customer ids. What is shared already is answered as it stands.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(ProgramShareBody)
        return self.write(
            configure_once,
            lambda share: shown(share, self.environment),
            http_status=201,
            environment_first=False,  # both environments, by id
            change=lambda: self._shared_now(**body),
        )

    def _shared_now(self, program: str, project: str, reason: str) -> ProgramShare:
        found = find_program(snapshot(self.environment), program)
        guest = guest_named(self.environment, project)
        if guest is None:
            raise InvalidRequest.field(
                "project", "invalid", "There is no other project of that name in your organization."
            )
        return share_program(
            environment=self.environment,
            program=found,
            guest=guest,
            reason=reason,
            actor=self.actor,
        )


class ProgramShareView(EngineView):
    feature = "cross_project"
    free_of_feature = frozenset({"DELETE"})  # it ends something
    scopes = {"GET": "config:read", "DELETE": "config:write"}

    @operation(
        "retrieve_program_share",
        "A shared program",
        scope="config:read",
        answer=ProgramShareShape,
        example=EXAMPLE,
        refusals=["not_found"],
        tag="programs",
    )
    def get(self, request: Request, program_share_id: str) -> Response:
        return Response(shown(self._find(program_share_id), self.environment))

    @operation(
        "revoke_program_share",
        "Share a program no longer",
        scope="config:write",
        answer=ProgramShareShape,
        example=REVOKED,
        refusals=["not_found"],
        writes=True,
        tag="programs",
        description="Its owner may. The next call that names the program is refused; what was written stays.",
    )
    def delete(self, request: Request, program_share_id: str) -> Response:
        found = self._find(program_share_id)
        return self.write(
            configure_once,
            lambda share: shown(share, self.environment),
            change=lambda: revoke_share(environment=self.environment, share=found, actor=self.actor),
        )

    def _find(self, share_id: str) -> ProgramShare:
        key = parse_public("shr", share_id)
        found = shares_of(self.environment).filter(pk=key).first() if key else None
        if found is None:
            raise NotFound("There is no such shared program in this environment.")
        return found


def shown(share: ProgramShare, environment: Environment) -> dict[str, Any]:
    """A share as one of its two sides sees it."""
    is_own = share.environment_id == environment.pk
    other = share.guest if is_own else share.environment
    return {
        "id": share.public_id,
        "direction": "given" if is_own else "received",
        "program": share.program.public_id,
        "name": share.program.name,
        "project": other.project.name,
        "reason": share.reason,
        "created_at": instant(share.created_at),
        "revoked_at": instant(share.revoked_at),
    }

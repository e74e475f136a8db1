"""The base of every surface's views: authenticate, limit, parse, call one action or query, render."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from django.db import Error as DatabaseError
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.errors import FieldError, InvalidRequest, NotFound, PermissionRefused, told
from audit.record import Actor
from loyalty.actions.refused_calls import note_refused
from loyalty.api.common import throttling
from loyalty.api.common.authentication import Principal, forget_keys
from loyalty.api.common.idempotency import read_idempotency
from loyalty.api.common.parsing import StrictJSONParser, check_text, too_large
from loyalty.api.common.rendering import Rendered, dumps
from loyalty.errors import ProgramNotFound, RateLimited, Replay
from loyalty.ledger.idempotency import Answer, Idempotency
from programs.models import BatchPassage, Environment
from programs.queries.environments import environment_by_id, now_in
from programs.queries.plans import require_feature, terms_of
from programs.queries.shares import owner_through_share
from programs.queries.snapshots import snapshot

R = TypeVar("R")

PUBLIC_ID = re.compile(r"(?:prg|txn|red|hold|sc)_[A-Za-z0-9_-]{1,60}")


class AcceptHeaderAlone(DefaultContentNegotiation):
    """`?format=` is an unknown name like any other, not a choice of renderer."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - DRF's name
        return renderers


class EngineView(APIView):
    """`scopes` names the scope that each method needs of a secret key, and `members_may` the methods that a
    member token may call as well (they ask `own` whose data is meant); HEAD needs what GET does."""

    scopes: ClassVar[Mapping[str, str]] = {}
    feature: ClassVar[str] = ""
    """Of the plan, without which every call is refused, but those by methods that are `free_of_feature`."""
    free_of_feature: ClassVar[frozenset[str]] = frozenset()
    members_may: ClassVar[frozenset[str]] = frozenset()
    rate_limit: throttling.RateLimit
    _shared: AbstractSet[str] = frozenset()  # programs of others that the call may name
    http_method_names = ["get", "head", "post", "patch", "delete"]
    content_negotiation_class = AcceptHeaderAlone

    @cached_property
    def principal(self) -> Principal:
        """The key or the member behind the request. Raises DRF's AuthenticationFailed."""
        return cast("Principal", self.request.auth)

    @cached_property
    def environment(self) -> Environment:
        """The caller's environment as it stands now; one statement. Raises DRF's AuthenticationFailed."""
        found = environment_by_id(self.principal.environment_id)
        if found.archived_at is not None:
            # A sandbox that was reset while the key was warm: keys are of the new one, and its members are others.
            forget_keys()
            self.principal = self._recognised()
            found = environment_by_id(self.principal.environment_id)
        return found

    def _recognised(self) -> Principal:
        """Who calls, asked anew."""
        for each in self.get_authenticators():
            if found := each.authenticate(self.request):
                return cast("Principal", found[1])
        raise NotAuthenticated

    def reached(self, program: str | None) -> Environment:
        """The environment in which a call acts that names this program: the owner's, where it is the `prg_` id of
        one that is shared with the caller, else the caller's own. No statement but for an id that is not its own.

        Raises FeatureNotInPlan where a share stands whose plan has it no more.
        """
        own = self.environment
        if program is None or not program.startswith("prg_") or snapshot(own).program(program):
            return own
        owner = owner_through_share(guest=own, program=program)
        if owner is None:
            return own  # where nothing of that name is found
        require_feature(owner, "cross_project")
        self._shared = {*self._shared, program}
        return owner

    @cached_property
    def now(self) -> datetime:
        return now_in(self.environment)

    def now_at(self, place: Environment) -> datetime:
        return self.now if place is self.environment else now_in(place)

    @cached_property
    def actor(self) -> Actor:
        _ = self.environment  # first: the caller may turn out to be of a new one
        request, who = self.request._request, self.principal
        trace: tuple[str, str | None] = (request.trace_id, request.client_ip)  # type: ignore[attr-defined]
        if who.member_key is None:
            return Actor("api_key", who.prefix, *trace)
        # Not by the tenant's own id: what an actor is called can't be blanked when the member is erased.
        return Actor("member", who.member_key.hex, *trace)

    def own(self, named: str | None) -> str:
        """The id of the member whose data is meant: a token's own, or the one that the call of a key names.

        Raises PermissionRefused where a token's call names another, InvalidRequest where a key's names none.
        """
        own = self.principal.member
        if own is None:
            if named is None:
                raise InvalidRequest.field("customer_id", "required", "Name the customer.")
            return named
        if named not in (None, own):
            raise PermissionRefused("A member token reads and acts for its own `sub` alone.")
        return own

    def perform_authentication(self, request: Request) -> None:
        """Count the request against its key or member, or against its address where neither is valid."""
        try:
            caller = self.principal.caller
        except (AuthenticationFailed, NotAuthenticated, PermissionRefused, DatabaseError):
            self._limit(request, f"ip:{request._request.client_ip}")  # type: ignore[attr-defined]
            raise
        self._limit(request, caller)

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if self.feature and request.method not in self.free_of_feature:
            require_feature(self.environment, self.feature)

    def check_throttles(self, request: Request) -> None:
        """Count the request against its environment too, where the plan limits that; the tighter limit is shown."""
        super().check_throttles(request)
        allowed = terms_of(self.environment).limits.get("requests_per_minute")
        if allowed is None:
            return
        own = throttling.count(f"plan:{self.environment.pk.hex}", allowed)
        if own.remaining <= self.rate_limit.remaining:
            self.rate_limit = own
        if own.exceeded:
            raise RateLimited(f"The plan allows {allowed} requests in a minute; wait and go on.")

    def _limit(self, request: Request, caller: str) -> None:
        self.rate_limit = throttling.count(caller)
        if self.rate_limit.exceeded:
            raise RateLimited(f"More than {self.rate_limit.limit} requests in a minute; wait and go on.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(self, "rate_limit"):  # refused before the key was looked at
            self.rate_limit = throttling.count(f"ip:{request._request.client_ip}")  # type: ignore[attr-defined]
        for name, value in self.rate_limit.headers().items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")  # codes and tokens stand in answers
        return super().finalize_response(request, response, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """What is refused because it is another project's is noted there."""
        if isinstance(exc, NotFound | ProgramNotFound):
            if isinstance(exc, ProgramNotFound):
                self._shared = frozenset()  # one that was revoked meanwhile
            self.note_refused(
                {*self.kwargs.values(), *self.request.query_params.dict().values(), *self._texts()}
            )
        return super().handle_exception(exc)

    def note_refused(self, named: Iterable[str]) -> None:
        """Tell whose things these public ids are that a call named them in vain; not where they are the caller's."""
        ids = {text for text in named if PUBLIC_ID.fullmatch(text)}
        ids = {
            text for text in ids if text not in self._shared and not snapshot(self.environment).program(text)
        }
        if ids:
            match = self.request._request.resolver_match
            call = f"{self.request.method} /{match.route if match else ''}"
            note_refused(environment=self.environment, named=ids, call=call, actor=self.actor)

    def _texts(self) -> set[str]:
        """The body's fields that are texts, of a body that was read already."""
        read = getattr(self.request, "_full_data", None)
        return (
            {text for text in read.values() if isinstance(text, str)} if isinstance(read, Mapping) else set()
        )

    def body(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The request's body, checked. Raises InvalidRequest naming each faulty field."""
        self._read_body()
        return checked(serializer, self.request.data)

    def _read_body(self) -> None:
        """Once, before the parser, for the idempotency fingerprint. Raises PayloadTooLarge by the parser's own
        limit."""
        request, parser = self.request._request, cast("type[StrictJSONParser]", self.parser_classes[0])
        if int(request.META.get("CONTENT_LENGTH") or 0) > parser.max_body:
            raise too_large(parser.max_body)
        if not hasattr(request, "_body"):
            request._body = request.read()  # noqa: SLF001 - its own way has one limit for all

    def query(
        self, serializer: type[serializers.Serializer[Any]], *, ignore: Collection[str] = ()
    ) -> dict[str, Any]:
        """The query string, checked, without the names to `ignore`. Raises InvalidRequest; also for an
        unknown or repeated name."""
        given = self.request.query_params
        for name, values in given.lists():
            check_text(name + "".join(values), name)
            if len(values) > 1:
                raise InvalidRequest.field(name, "repeated", "Give it once.")
        known = [*_checker(serializer).fields, *ignore]
        for name in given:
            if name not in known:
                raise InvalidRequest.field(name, "unknown_field", f"Unknown; known: {', '.join(known)}.")
        return checked(serializer, {name: value for name, value in given.items() if name not in ignore})

    def write(
        self,
        action: Callable[..., R],
        answer: Callable[[R], Any],
        /,
        *,
        http_status: int | Callable[[R], int] = 200,
        environment: Environment | None = None,
        **arguments: Any,
    ) -> Response:
        """Call one action, once for its Idempotency-Key, and render its result. `environment`: where it acts, if not
        in the caller's own."""
        place = environment or self.environment

        given: list[tuple[R, Answer]] = []  # what was rendered for the key is what is sent, to the byte

        def answered(result: R) -> Answer:
            status = http_status(result) if callable(http_status) else http_status
            told = answer(result)
            given[:] = [(result, (status, told if isinstance(told, Rendered) else dumps(told)))]
            return given[0][1]

        try:
            idempotency = self.idempotency(lambda result: self.kept(answered(result)), place)
            result = action(environment=place, idempotency=idempotency, **arguments)
        except Replay as replay:
            return Response(
                Rendered(self.opened(replay.answer)), replay.status, headers={"Idempotent-Replayed": "true"}
            )
        code, body = given[0][1] if given and given[0][0] is result else answered(result)
        return Response(Rendered(body), code)

    def kept(self, answer: Answer) -> Answer:
        """How an answer is stored for its Idempotency-Key. Views whose answers hold a secret encrypt it."""
        return answer

    def opened(self, stored: str) -> str:
        """The body of a stored answer as it was sent."""
        return stored

    def idempotency(
        self, answered: Callable[[Any], Answer], place: Environment | None = None
    ) -> Idempotency | None:
        """The caller's key; in another project's environment among those that came the same way, and at home too.
        Of a batch the caller's own part is recorded there, first."""
        own, member, via = self.environment, self.principal.member_key, place.via if place else None
        at_home = member.hex if member else ""
        home = (own.pk, at_home) if via and not isinstance(via, BatchPassage) else None
        scope = via.scope if via else at_home
        return read_idempotency(self.request, self.request._request.body, answered, scope=scope, home=home)


@cache
def _checker(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """One instance for all requests: to make its fields anew costs more than to check with them.

    `run_validation` keeps nothing on the instance, so threads may share it.
    """
    made = serializer()
    _ = made.fields
    return made


def checked(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """What `data` says, checked. Raises InvalidRequest naming each faulty field."""
    try:
        return dict(_checker(serializer).run_validation(data))
    except serializers.ValidationError as error:
        errors = list(_flat(error.detail, ""))
    raise InvalidRequest(told(errors), errors=errors)


def _flat(errors: Any, path: str) -> list[FieldError]:
    if isinstance(errors, Mapping):
        found: list[FieldError] = []
        for name, inner in errors.items():
            at = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            found += _flat(inner, at)
        return found
    found = []
    for index, error in enumerate([errors] if isinstance(errors, str) else errors):
        if isinstance(error, Mapping | list):
            found += _flat(error, f"{path}[{index}]")
        else:
            found.append(FieldError(path or "body", str(error.code), str(error)))
    return found

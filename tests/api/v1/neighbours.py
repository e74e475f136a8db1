"""Two projects of one organization, one of which has a program that it may share."""

from typing import Any

from programs.models import Environment, ProgramShare
from tests import factories
from tests.conftest import Api


class Neighbours:
    """`owner` has the program `club` with the metric `miles`, a mile a pound; `guest` has what each project has."""

    def __init__(self, kind: str = "live") -> None:
        self.kind = kind
        first = factories.make_project("Shop")
        self.organization = first.organization.name
        self.owner = factories.make_environment(kind, project=first)
        self.guest = factories.make_environment(kind, project=self.project("Café"))
        self.club = factories.make_program(self.owner, "club")
        factories.make_metric(self.owner, "miles", program=self.club)
        factories.make_rule(factories.reload(self.owner), metric="miles", program="club")
        self.own, self.guests = Api(factories.make_key(self.owner)), Api(factories.make_key(self.guest))

    @property
    def prg(self) -> str:
        return self.club.public_id

    def project(self, name: str) -> Any:
        return factories.make_project(name, organization=self.organization)

    def share(self, guest: Environment | None = None) -> ProgramShare:
        return factories.make_share(self.club, guest or self.guest)

    def total(self, member: str = "ada") -> int:
        """The miles that the owner says the member has."""
        data = self.own.get(f"/v1/members/{member}/balances?program=club").json()["data"]
        return int(data[0]["total"])


def purchase(event_id: str, program: str | None, amount: str = "10", /, **changes: Any) -> dict[str, Any]:
    named = {"program": program} if program else {}
    return (
        {"event_id": event_id, "type": "purchase", "member_id": "ada", "data": {"amount": amount}}
        | named
        | changes
    )


def calls(prg: str) -> dict[str, tuple[str, str, Any]]:
    """Each call that may name a shared program, by its method, path and body."""
    return {
        "event": ("POST", "/v1/events", purchase("one", prg)),
        "batch": ("POST", "/v1/events/batch", {"events": [purchase("two", prg)]}),
        "award": ("POST", "/v1/points/award", {"customer_id": "ada", "points": 30, "program": prg}),
        "spend": ("POST", "/v1/points/redeem", {"customer_id": "ada", "points": 5, "program": prg}),
        "balances": ("GET", f"/v1/members/ada/balances?program={prg}", None),
        "history": ("GET", f"/v1/points?customer_id=ada&program={prg}", None),
    }

"""Back-tests as the API and the console show them (domain.md 4.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from audit.errors import NotFound
from loyalty.models import BackTest, Member
from programs.models import EarningRule, Environment


@dataclass(frozen=True, slots=True)
class AffectedMember:
    """Whom the draft would change most. `member`: the tenant's own id; None: erased since. In points."""

    key: UUID
    member: str | None
    would: int
    given: int


def find_back_test(*, environment: Environment, back_test: str) -> BackTest:
    """A back-test by its `bt_` id, as it stands now. Raises NotFound; also for another environment's."""
    tests = BackTest.objects.select_related("rule")
    found = tests.filter(environment=environment, public_id=back_test).first()
    if found is None:
        raise NotFound(f"There is no back-test {back_test!r} in this environment.")
    return found


def back_tests_of(rule: EarningRule) -> QuerySet[BackTest]:
    """The back-tests of a rule, newest first."""
    return BackTest.objects.filter(rule=rule, environment_id=rule.environment_id).order_by("-id")


def most_affected(back_test: BackTest) -> list[AffectedMember]:
    """The members whom the draft would change most, by how much; empty until it is done. One statement."""
    rows = (back_test.result or {}).get("most_affected", [])
    names = _names(back_test.environment_id, (UUID(row["member"]) for row in rows))
    keys = [UUID(row["member"]) for row in rows]
    return [
        AffectedMember(key, names.get(key), row["would"], row["given"])
        for key, row in zip(keys, rows, strict=True)
    ]


def _names(environment_id: UUID, keys: Iterable[UUID]) -> dict[UUID, str | None]:
    members = Member.objects.filter(environment_id=environment_id, pk__in=list(keys))
    return dict(members.values_list("pk", "external_id"))

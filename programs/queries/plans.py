"""What an organization's plan allows (domain.md 10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from audit.models import WebhookEndpoint
from programs.errors import FeatureNotInPlan
from programs.models import Environment, Plan, Program, Project


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan as it stands now. A limit that is absent does not bind."""

    name: str
    limits: Mapping[str, int]
    features: frozenset[str]


def terms_of(environment: Environment) -> Terms:
    """What the plan of the environment's organization allows; no statement where the environment was read with
    its organization and plan, as `environment_by_id` does."""
    return terms_of_plan(environment.project.organization.plan)


def terms_of_plan(plan: Plan) -> Terms:
    return Terms(plan.name, MappingProxyType(dict(plan.limits)), frozenset(plan.features))


def has_feature(environment: Environment, feature: str) -> bool:
    """Whether the plan holds the feature. No statement."""
    return feature in environment.project.organization.plan.features


def require_feature(environment: Environment, feature: str) -> None:
    """Raises FeatureNotInPlan. No statement."""
    if not has_feature(environment, feature):
        raise FeatureNotInPlan(feature)


def projects_used(organization: UUID) -> int:
    return Project.objects.filter(organization=organization).count()


def programs_used(organization: UUID, kind: str) -> int:
    """Programs of the organization's environments of that kind, archived environments left out."""
    return Program.objects.filter(
        environment__project__organization=organization,
        environment__kind=kind,
        environment__archived_at=None,
    ).count()


def webhook_endpoints_used(organization: UUID, kind: str) -> int:
    """Endpoints that are not archived, of the organization's environments of that kind, archived ones left out."""
    environments = Environment.objects.filter(project__organization=organization, kind=kind, archived_at=None)
    return WebhookEndpoint.objects.filter(
        environment_id__in=environments.values("pk"), archived_at=None
    ).count()

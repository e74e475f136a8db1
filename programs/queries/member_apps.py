"""Which environment the members' own app means by its host, and which web pages may call (api.md, /api/loyalty)."""

from uuid import UUID

from programs.models import MemberApp


def environment_of_host(host: str) -> UUID | None:
    """The environment whose public host this is, as `name[:port]` in lower case; one statement."""
    living = MemberApp.objects.filter(public_host=host, environment__archived_at__isnull=True)
    return living.values_list("environment_id", flat=True).first()


def is_listed(origin: str) -> bool:
    """Whether any environment lists the origin; one statement."""
    return MemberApp.objects.filter(
        origins__contains=[origin], environment__archived_at__isnull=True
    ).exists()

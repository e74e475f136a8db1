"""Which keys sign and prove member tokens (domain.md 1)."""

from audit import secrets_at_rest
from programs.models import Environment, TokenKey


def signing_key(environment: Environment) -> TokenKey | None:
    """The newest live key of the environment whose secret the engine holds."""
    live = TokenKey.objects.filter(
        environment=environment, algorithm=TokenKey.Algorithm.HS256, revoked_at__isnull=True
    )
    return live.order_by("-created_at", "-id").first()


def live_key(kid: str) -> TokenKey | None:
    """The key of that name with its environment, unless it is revoked or its environment archived."""
    live = TokenKey.objects.filter(kid=kid, revoked_at__isnull=True, environment__archived_at__isnull=True)
    return live.select_related("environment").first()


def secret_of(key: TokenKey) -> str:
    """What an HS256 key signs with. Raises Unreadable."""
    return secrets_at_rest.decrypt(key.secret)

"""Keys with which a tenant signs the tokens of its members (domain.md 1)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id, public
from programs.models.tenancy import Environment


def new_kid() -> str:
    return public("mtk", new_id())


class TokenKey(models.Model):
    """A registered key; a token's header names it by `kid`, and with it the environment and the one
    algorithm that counts. Of HS256 we issue the secret and keep it encrypted; of RS256 and ES256 we know the
    tenant's public key alone."""

    class Algorithm(models.TextChoices):
        HS256 = "HS256", "HS256: a secret that we issue"
        RS256 = "RS256", "RS256: your RSA key"
        ES256 = "ES256", "ES256: your P-256 key"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="token_keys")
    kid = models.CharField(max_length=64, unique=True, default=new_kid, editable=False)
    name = models.CharField(max_length=200)
    algorithm = models.CharField(max_length=5, choices=Algorithm.choices, default=Algorithm.HS256)
    public_key = models.TextField(blank=True, default="", help_text="PEM; of RS256 and ES256.")
    secret = models.TextField(blank=True, default="", editable=False, help_text="Encrypted; of HS256.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(Q(algorithm="HS256", public_key="") & ~Q(secret=""))
                | Q(Q(algorithm__in=["RS256", "ES256"], secret="") & ~Q(public_key="")),
                name="token_key_fits_algorithm",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kid})"

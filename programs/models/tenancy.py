"""Organization → Project → Environment, and the staff who may see them (domain.md 1)."""

import hashlib
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.ids import new_id
from programs.models.plans import Plan


class Organization(models.Model):
    """A tenant."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=200, unique=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="organizations")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """A product of the tenant; its time zone is where days, weeks and months begin."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")
    two_factor_required = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whoever has set up no second factor sees nothing of the project in the console.",
    )
    audit_member_views = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Who opens a member's page in the console is noted in the audit trail.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="project_name_unique")]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Passage:
    """The share of a program (by its `prg_` id), and the environment that the call came from."""

    share_id: uuid.UUID
    guest_id: uuid.UUID
    program: str

    @property
    def scope(self) -> str:
        """Within what an Idempotency-Key of such a call counts."""
        return f"via:{self.guest_id.hex}"


@dataclass(frozen=True, slots=True)
class BatchPassage(Passage):
    """Of a batch the part that names this program: others of it may go to the same environment."""

    @property
    def scope(self) -> str:
        return f"via:{self.guest_id.hex}:{hashlib.sha256(self.program.encode()).hexdigest()[:16]}"


class Environment(models.Model):
    """The isolation boundary: every configured and every runtime row belongs to exactly one."""

    via: "Passage | None" = None
    """Not stored: the share through which a call of another project acts here, where it does."""

    class Kind(models.TextChoices):
        SANDBOX = "sandbox", "Sandbox"
        LIVE = "live", "Live"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="environments")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    namespace = models.UUIDField(
        default=uuid.uuid4,
        editable=False,
        help_text="Random; a member's key is uuid5(namespace, external_id).",
    )
    config_version = models.BigIntegerField(
        default=1, help_text="Rises with every configuration change; names a compiled snapshot."
    )
    clock = models.DateTimeField(
        null=True, blank=True, help_text="The sandbox's test clock; empty: real time (domain.md 12)."
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["project__name", "-kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(archived_at__isnull=True),
                name="environment_kind_unique",
            ),
            models.CheckConstraint(condition=Q(kind__in=["sandbox", "live"]), name="environment_kind_valid"),
            models.CheckConstraint(
                condition=Q(clock__isnull=True) | Q(kind="sandbox"), name="environment_clock_sandbox_only"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} · {self.kind.upper()}"


class ClockChange(models.Model):
    """How a sandbox's test clock was set, in real time: what `now` was at any recorded instant."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="clock_changes")
    clock = models.DateTimeField(null=True)
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.clock}"


class ProjectMembership(models.Model):
    """A Django user's role in a project; what lies outside their projects does not exist for them."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        OPERATOR = "operator", "Operator"
        SUPPORT = "support", "Support"
        ANALYST = "analyst", "Analyst"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="project_memberships"
    )
    role = models.CharField(max_length=8, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "staff"
        ordering = ["project__name", "user__username"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_unique"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "operator", "support", "analyst"]),
                name="membership_role_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} of {self.project}"

"""Files of members or purchases that are brought in from another system (docs/imports.md)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id
from loyalty.models.base import Acted
from programs.models import Environment


class Import(Acted):
    """A file that was looked at, and what a job has made of it by now. Its text lies in `ImportPiece` and goes when
    it is worked off; what was refused lies in `ImportProblem`, for a week."""

    class Kind(models.TextChoices):
        MEMBERS = "members", "Members and balances"
        PURCHASES = "purchases", "Purchases"

    class Status(models.TextChoices):
        READING = "reading", "Being read"
        PREVIEW = "preview", "Looked at, nothing imported"
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    UNFINISHED = (Status.QUEUED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    file_name = models.CharField(max_length=200)
    columns = models.JSONField(default=list, help_text="The file's own headings, in order.")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.PREVIEW)
    is_trial = models.BooleanField(default=False, help_text="The run only tries: it writes nothing.")
    tried_at = models.DateTimeField(null=True, help_text="When the whole file was last tried.")
    lines = models.PositiveIntegerField(help_text="Lines with anything in them, without the heading.")
    pieces_total = models.PositiveIntegerField()
    pieces_done = models.PositiveIntegerField(default=0)
    faulty = models.PositiveIntegerField(default=0, help_text="Lines that can't be read; known at once.")
    repeated = models.PositiveIntegerField(default=0, help_text="Lines that repeat an earlier one's key.")
    done = models.PositiveIntegerField(default=0, help_text="Lines that were worked off.")
    added = models.PositiveIntegerField(default=0)
    already = models.PositiveIntegerField(default=0, help_text="Lines of which nothing was new.")
    refused = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["environment", "-id"], name="import_of_environment")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["members", "purchases"]), name="import_kind_valid"),
            models.CheckConstraint(
                condition=Q(status__in=["reading", "preview", "queued", "running", "done", "failed"]),
                name="import_status_valid",
            ),
            models.CheckConstraint(
                condition=Q(
                    done=F("added") + F("already") + F("refused"),
                    done__lte=F("lines"),
                    pieces_done__lte=F("pieces_total"),
                ),
                name="import_counts_add_up",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(done=F("lines")), name="import_done_is_whole"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportPiece(models.Model):
    """A few hundred lines of a file, which one transaction works off. `content`: a list of lines, each
    `[number, cells, fault or null]`; empty once it is imported. `keys`: by what each readable line is known."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    file = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content = models.JSONField(default=list)
    keys = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="import_piece_unique")]

    def __str__(self) -> str:
        return f"{self.number}"


class ImportProblem(models.Model):
    """A line that was not taken, as it stood in the file, and why."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    file = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="problems")
    line = models.PositiveIntegerField()
    content = models.JSONField(default=list)
    problem = models.CharField(max_length=500)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="import_problem_once")]

    def __str__(self) -> str:
        return f"{self.line}: {self.problem}"

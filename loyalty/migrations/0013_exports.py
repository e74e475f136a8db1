import audit.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0012_imports"),
        ("programs", "0010_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("actor_kind", models.CharField(max_length=16)),
                ("actor_id", models.CharField(max_length=200)),
                ("trace_id", models.CharField(max_length=128)),
                (
                    "id",
                    models.UUIDField(
                        default=audit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(help_text="Which list.", max_length=32)),
                (
                    "query",
                    models.CharField(
                        help_text="The list's filters, as they stood in its address.", max_length=2000
                    ),
                ),
                ("header", models.JSONField(default=list, help_text="The names of its columns.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for a worker"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("pieces", models.PositiveIntegerField(default=0)),
                ("size", models.PositiveBigIntegerField(default=0, help_text="Bytes.")),
                ("place", models.JSONField(help_text="The key of the last row that was written.", null=True)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("created_at", models.DateTimeField(help_text="In real time, as all here.")),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "environment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.environment",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ExportPiece",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=audit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="loyalty.export",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["environment", "-id"], name="export_newest"),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(fields=["expires_at"], name="export_expiring"),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("expires_at__isnull", True),
                        ("finished_at__isnull", True),
                        ("status__in", ["queued", "running"]),
                    ),
                    models.Q(
                        ("expires_at__isnull", False),
                        ("finished_at__isnull", False),
                        ("status__in", ["done", "failed"]),
                    ),
                    _connector="OR",
                ),
                name="export_status_fits",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportpiece",
            constraint=models.UniqueConstraint(fields=("export", "number"), name="export_piece_once"),
        ),
    ]

"""The environment that an event of a shared program came through: a column that may be empty, added at once. And how
far the retention of history has come."""

from django.db import migrations, models

import audit.ids


class Migration(migrations.Migration):

    dependencies = [("loyalty", "0015_imports_online")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="via_environment_id",
            field=models.UUIDField(help_text="Of a shared program: the environment the call came through.", null=True),
        ),
        migrations.CreateModel(
            name="RetentionMark",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=audit.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("environment_id", models.UUIDField()),
                (
                    "noun",
                    models.CharField(
                        choices=[
                            ("event", "Events"),
                            ("shared_event", "Events that were sent to all programs"),
                            ("entry", "Ledger entries"),
                            ("audit", "Audit events about members"),
                        ],
                        max_length=12,
                    ),
                ),
                ("program_id", models.UUIDField(null=True)),
                ("last_id", models.UUIDField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment_id", "noun", "program_id"),
                        name="retention_mark_unique",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("noun__in", ["event", "shared_event", "entry", "audit"])),
                        name="retention_mark_noun_valid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("program_id__isnull", True),
                            ("noun__in", ["event", "entry"]),
                            _connector="OR",
                        ),
                        name="retention_mark_program_fits",
                    ),
                ],
            },
        ),
    ]

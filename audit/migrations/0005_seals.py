from django.db import migrations, models

import audit.models
from audit.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_webhooks")]
    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("epoch", models.SmallIntegerField()),
                ("last_transaction", audit.models.TransactionId()),
                ("last_id", models.UUIDField()),
                ("rows", models.PositiveIntegerField()),
                ("leaves", models.BinaryField()),
                ("previous", models.BinaryField(help_text="The hash of the seal before; zeros for the first.")),
                ("hash", models.BinaryField(help_text="SHA-256 of the hash before and all that this seal says.")),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["number"],
                "indexes": [models.Index(fields=["epoch", "last_transaction", "last_id"], name="seal_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("epoch__gt", 0), ("number__gt", 0), ("rows__gt", 0)),
                        name="seal_not_empty",
                    )
                ],
            },
        ),
        guard("audit_seal"),
        # Only what was written about a member is ever blanked.
        migrations.RunSQL(
            """
            CREATE TRIGGER append_only_no_member BEFORE UPDATE ON audit_auditevent
                FOR EACH ROW WHEN (OLD.member_id IS NULL) EXECUTE FUNCTION append_only();
            ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER append_only_no_member;
            """,
            "DROP TRIGGER append_only_no_member ON audit_auditevent;",
        ),
    ]

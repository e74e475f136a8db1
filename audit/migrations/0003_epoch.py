"""The epoch of an audit event; 0003_outbox goes on with what would make writers wait."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.AddField(
            "auditevent",
            "epoch",
            models.SmallIntegerField(
                db_default=1,
                editable=False,
                help_text="Rises when a database is restored from a dump, whose transactions are counted anew.",
            ),
        ),
        AddConstraintNotValid(
            "auditevent",
            models.CheckConstraint(condition=models.Q(("epoch__gt", 0)), name="audit_epoch_positive"),
        ),
    ]

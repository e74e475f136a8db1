"""What 0003_epoch began, without a lock that writers would wait for. It can be run again."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

from audit.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_epoch")]
    operations = [
        ValidateConstraint("auditevent", "audit_epoch_positive"),
        AddIndexOnline("auditevent", models.Index(fields=["epoch", "transaction"], name="audit_outbox")),
    ]

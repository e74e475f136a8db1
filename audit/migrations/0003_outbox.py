from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
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
        AddIndexConcurrently("auditevent", models.Index(fields=["epoch", "transaction"], name="audit_outbox")),
    ]

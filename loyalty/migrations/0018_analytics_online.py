"""By when levels changed and stamps were put on cards: what the reports read, built without a lock that writers would
wait for. It can be run again."""

from django.db import migrations, models

from audit.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0017_rollups")]

    operations = [
        AddIndexOnline(
            model_name="tierchange",
            index=models.Index(fields=["ladder", "occurred_at"], name="tier_change_of_ladder"),
        ),
        AddIndexOnline(
            model_name="stamp",
            index=models.Index(fields=["environment_id", "collected_at"], name="stamp_collected"),
        ),
        AddIndexOnline(
            model_name="stamp",
            index=models.Index(
                condition=models.Q(("returned_at__isnull", False)),
                fields=["environment_id", "returned_at"],
                name="stamp_returned",
            ),
        ),
    ]

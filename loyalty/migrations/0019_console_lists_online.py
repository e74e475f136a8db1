"""What the console's lists and its search read by, built while the engine serves."""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Collate, Upper

from audit.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0018_analytics_online")]

    operations = [
        AddIndexOnline(
            "event",
            models.Index(fields=["environment_id", "-occurred_at", "-id"], name="event_occurred"),
        ),
        AddIndexOnline(
            "ledgerentry",
            models.Index(fields=["environment_id", "-occurred_at", "-id"], name="entry_occurred"),
        ),
        AddIndexOnline(
            "member",
            models.Index(F("environment"), Collate(Upper("external_id"), "C"), name="member_named"),
        ),
        AddIndexOnline(
            "member",
            django.contrib.postgres.indexes.GinIndex(
                condition=~Q(attributes={}), fields=["attributes"], name="member_attributes"
            ),
        ),
    ]

"""The environment that an event of a shared program came through: a column that may be empty, added at once."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("loyalty", "0015_imports_online")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="via_environment_id",
            field=models.UUIDField(help_text="Of a shared program: the environment the call came through.", null=True),
        ),
    ]

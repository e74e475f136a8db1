import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programs", "0009_shares")]

    operations = [
        migrations.AddField(
            model_name="program",
            name="adjustment_limit",
            field=models.PositiveBigIntegerField(
                blank=True,
                help_text="Whoever adjusts by more points than this, alone or within 24 hours, needs a second"
                " person; empty: nobody does.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(1000000000000)],
            ),
        ),
    ]

"""A reward gives a tier of its own environment: the key that this takes, without a lock that writers would wait for.

Ended half way, PostgreSQL leaves the index that it was at as INVALID: drop it, then migrate again.
"""

from django.db import migrations, models

from audit.append_only import foreign_key


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("programs", "0004_rewards")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY tier_environment_key ON programs_tier (environment_id, id);",
                    "DROP INDEX tier_environment_key;",
                ),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="tier",
                    constraint=models.UniqueConstraint(
                        models.F("environment"), models.F("id"), name="tier_environment_key"
                    ),
                ),
            ],
        ),
        foreign_key(
            "programs_reward",
            "reward_gives_tier_fk",
            "environment_id, gives_tier_id",
            "programs_tier",
            "environment_id, id",
        ),
    ]

"""How far members are with challenges, what they achieved, and which milestones they crossed: new tables, and two
empty columns; 0010 goes on with what would make writers wait."""

import audit.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from audit.append_only import foreign_key, guard, guard_all_but


def key(table: str, name: str, columns: str, target: str, target_columns: str) -> migrations.RunSQL:
    return foreign_key(table, name, columns, target, target_columns)


def to_member(table: str, name: str) -> migrations.RunSQL:
    return key(f"loyalty_{table}", name, "environment_id, member_id", "loyalty_member", "environment_id, id")


def to_configured(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"environment_id, {column}"
    return key(f"loyalty_{table}", name, columns, f"programs_{target}", "environment_id, id")


def to_mission(table: str, name: str) -> migrations.RunSQL:
    return key(f"loyalty_{table}", name, "challenge_id, mission_id", "programs_mission", "challenge_id, id")


KEYS = [
    to_member("missionprogress", "mission_progress_member_fk"),
    to_configured("missionprogress", "mission_progress_challenge_fk", "challenge_id", "challenge"),
    to_mission("missionprogress", "mission_progress_mission_fk"),
    to_member("achievement", "achievement_member_fk"),
    to_configured("achievement", "achievement_challenge_fk", "challenge_id", "challenge"),
    to_mission("achievement", "achievement_mission_fk"),
    to_member("milestonechange", "milestone_change_member_fk"),
    to_configured("milestonechange", "milestone_change_set_fk", "milestone_set_id", "milestoneset"),
    key("loyalty_milestonechange", "milestone_change_entry_fk", "entry_id", "loyalty_ledgerentry", "id"),
]

# The code of a coupon is the member's own: it may be blanked, as what the others are redacted by.
ITEM_CHANGES = migrations.RunSQL(
    """
    DROP TRIGGER append_only_row ON loyalty_itemchange;
    CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON loyalty_itemchange
        FOR EACH ROW EXECUTE FUNCTION append_only('code');
    ALTER TABLE loyalty_itemchange ENABLE ALWAYS TRIGGER append_only_row;
    ALTER TABLE loyalty_itemchange ADD CONSTRAINT item_change_achievement_fk
        FOREIGN KEY (member_id, achievement_id) REFERENCES loyalty_achievement (member_id, id) NOT VALID;
    """,
    """
    ALTER TABLE loyalty_itemchange DROP CONSTRAINT item_change_achievement_fk;
    DROP TRIGGER append_only_row ON loyalty_itemchange;
    CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON loyalty_itemchange
        FOR EACH ROW EXECUTE FUNCTION append_only();
    ALTER TABLE loyalty_itemchange ENABLE ALWAYS TRIGGER append_only_row;
    """,
)

# What was taken back stays so, and what was read stays read.
MOVES = migrations.RunSQL(
    """
    CREATE FUNCTION achievement_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.revoked_at IS NULL OR NEW.revoked_at = OLD.revoked_at)
            AND (OLD.read_at IS NULL OR NEW.read_at = OLD.read_at)
            AND (NEW.title IS NULL OR NEW.title = OLD.title)
            AND (NEW.message IS NULL OR NEW.message = OLD.message)
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'achievement %: what is revoked or read stays so', OLD.id
            USING ERRCODE = 'restrict_violation';
    END
    $$;
    CREATE TRIGGER achievement_moves BEFORE UPDATE ON loyalty_achievement
        FOR EACH ROW EXECUTE FUNCTION achievement_moves();
    ALTER TABLE loyalty_achievement ENABLE ALWAYS TRIGGER achievement_moves;
    """,
    """
    DROP TRIGGER achievement_moves ON loyalty_achievement;
    DROP FUNCTION achievement_moves();
    """,
)


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0008_stamps'),
        ('programs', '0007_challenges'),
    ]

    operations = [
        migrations.CreateModel(
            name='Achievement',
            fields=[
                ('actor_kind', models.CharField(max_length=16)),
                ('actor_id', models.CharField(max_length=200)),
                ('trace_id', models.CharField(max_length=128)),
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('kind', models.CharField(choices=[('mission', 'Mission completed'), ('challenge', 'Challenge completed')], max_length=9)),
                ('period', models.CharField(max_length=16)),
                ('target', models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                ('event_id', models.UUIDField(null=True)),
                ('entry_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('copy_of', models.UUIDField(null=True)),
                ('absorbed', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('display', models.CharField(max_length=5)),
                ('title', models.CharField(max_length=200, null=True)),
                ('message', models.CharField(max_length=1000, null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_by_id', models.UUIDField(help_text='The refund that took it back.', null=True)),
                ('challenge', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.challenge')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='achievements', to='loyalty.member')),
                ('mission', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.mission')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MilestoneChange',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('from_id', models.CharField(max_length=64, null=True)),
                ('to_id', models.CharField(max_length=64, null=True)),
                ('rises', models.BooleanField()),
                ('recorded_at', models.DateTimeField()),
                ('entry', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='loyalty.ledgerentry')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='milestone_changes', to='loyalty.member')),
                ('milestone_set', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.milestoneset')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MissionProgress',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('period', models.CharField(max_length=16)),
                ('progress', models.DecimalField(decimal_places=6, max_digits=30)),
                ('challenge', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.challenge')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='mission_progress', to='loyalty.member')),
                ('mission', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.mission')),
            ],
        ),
        migrations.AddField(
            model_name='itemchange',
            name='achievement_id',
            field=models.UUIDField(help_text='The challenge that gave it, or gave it back.', null=True),
        ),
        migrations.AddField(
            model_name='itemchange',
            name='code',
            field=models.CharField(help_text='Of a coupon: the code that came with it.', max_length=200, null=True),
        ),
        migrations.AddIndex(
            model_name='achievement',
            index=models.Index(fields=['member', 'id'], name='achievement_of_member'),
        ),
        migrations.AddIndex(
            model_name='achievement',
            index=models.Index(condition=models.Q(('read_at__isnull', True), ('revoked_at__isnull', True)), fields=['member', 'id'], name='achievement_unread'),
        ),
        migrations.AddIndex(
            model_name='achievement',
            index=models.Index(condition=models.Q(('revoked_at__isnull', False)), fields=['member', 'revoked_at'], name='achievement_revoked'),
        ),
        migrations.AddIndex(
            model_name='achievement',
            index=models.Index(fields=['challenge', 'kind', 'period'], name='achievement_of_challenge'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'challenge'), ('revoked_at__isnull', True)), fields=('member', 'challenge', 'period'), name='achievement_challenge_once'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'mission'), ('revoked_at__isnull', True)), fields=('member', 'challenge', 'period', 'mission'), name='achievement_mission_once'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.UniqueConstraint(fields=('member', 'id'), name='achievement_key'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('entry_ids', []), ('kind', 'mission'), ('mission__isnull', False), ('target__isnull', False)), models.Q(('kind', 'challenge'), ('mission__isnull', True), ('target__isnull', True)), _connector='OR'), name='achievement_kind_fits'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.CheckConstraint(condition=models.Q(('display__in', ['none', 'toast', 'popup'])), name='achievement_display_valid'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by_id__isnull', True)), models.Q(('revoked_at__isnull', False), ('revoked_by_id__isnull', False)), _connector='OR'), name='achievement_revocation_fits'),
        ),
        migrations.AddConstraint(
            model_name='achievement',
            constraint=models.CheckConstraint(condition=models.Q(('copy_of__isnull', True), models.Q(('copy_of', models.F('id')), _negated=True), _connector='OR'), name='achievement_copies_another'),
        ),
        migrations.AddConstraint(
            model_name='milestonechange',
            constraint=models.UniqueConstraint(fields=('member', 'entry', 'milestone_set'), name='milestone_change_once'),
        ),
        migrations.AddConstraint(
            model_name='milestonechange',
            constraint=models.CheckConstraint(condition=models.Q(('from_id__isnull', False), ('to_id__isnull', False), _connector='OR'), name='milestone_change_names_one'),
        ),
        migrations.AddIndex(
            model_name='missionprogress',
            index=models.Index(fields=['challenge', 'period', 'member'], name='mission_progress_of_challenge'),
        ),
        migrations.AddConstraint(
            model_name='missionprogress',
            constraint=models.UniqueConstraint(fields=('member', 'challenge', 'period', 'mission'), name='mission_progress_once'),
        ),
        migrations.AddConstraint(
            model_name='missionprogress',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0)), name='mission_progress_not_negative'),
        ),
        migrations.RemoveConstraint(model_name="ledgerentry", name="entry_event_has_origin"),
        AddConstraintNotValid(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("event__isnull", False), ("origin__isnull", False)),
                    models.Q(
                        ("event__isnull", True),
                        models.Q(
                            ("origin__isnull", True),
                            ("origin", "opening"),
                            ("origin__startswith", "challenge:"),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="entry_event_has_origin",
            ),
        ),
        *KEYS,
        guard_all_but(
            "loyalty_achievement", "absorbed", "title", "message", "read_at", "revoked_at", "revoked_by_id"
        ),
        guard("loyalty_milestonechange"),
        ITEM_CHANGES,
        MOVES,
    ]

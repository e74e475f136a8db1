-- The sections of posting.sql for what stands beside the ledger: redemptions, items, stamp cards, challenges. Of what
-- is named here the member's row is locked by this transaction.

-- section: redemptions
INSERT INTO loyalty_redemption (
    id, environment_id, member_id, reward_id, metric_id, status, points, kind, name, discount_amount,
    discount_percent, currency, gives, given, takes_stock, reason, metadata, occurred_at, recorded_at,
    fulfilled_at, closed_at, note, closed_reason, actor_kind, actor_id, trace_id
)
SELECT
    id, environment_id, member_id, reward_id, metric_id, status, points, kind, name, discount_amount,
    discount_percent, currency, gives, given, takes_stock, reason, metadata, occurred_at, recorded_at,
    fulfilled_at, closed_at, note, closed_reason, actor_kind, actor_id, trace_id
FROM jsonb_to_recordset(%(redemptions)s::jsonb) AS redemption (
    id uuid, environment_id uuid, member_id uuid, reward_id uuid, metric_id uuid, status text, points bigint,
    kind text, name text, discount_amount numeric, discount_percent numeric, currency text, gives jsonb,
    given jsonb, takes_stock boolean, reason text, metadata jsonb, occurred_at timestamptz,
    recorded_at timestamptz, fulfilled_at timestamptz, closed_at timestamptz, note text, closed_reason text,
    actor_kind text, actor_id text, trace_id text
)

-- section: redemption_changes
UPDATE loyalty_redemption AS redemption
SET status = change.status, given = change.given, fulfilled_at = change.fulfilled_at,
    closed_at = change.closed_at, note = change.note, closed_reason = change.closed_reason
FROM jsonb_to_recordset(%(redemption_changes)s::jsonb) AS change (
    id uuid, member_id uuid, status text, given jsonb, fulfilled_at timestamptz, closed_at timestamptz, note text,
    closed_reason text
)
WHERE redemption.id = change.id AND redemption.member_id = change.member_id

-- section: codes
INSERT INTO loyalty_rewardcode (
    id, environment_id, reward_id, code, source, status, member_id, redemption_id, added_at, issued_at, expires_at
)
SELECT
    id, environment_id, reward_id, code, source, status, member_id, redemption_id, added_at, issued_at, expires_at
FROM jsonb_to_recordset(%(codes)s::jsonb) AS code (
    id uuid, environment_id uuid, reward_id uuid, code text, source text, status text, member_id uuid,
    redemption_id uuid, added_at timestamptz, issued_at timestamptz, expires_at timestamptz
)

-- section: code_changes
UPDATE loyalty_rewardcode AS code
SET status = change.status, member_id = change.member_id, redemption_id = change.redemption_id,
    issued_at = change.issued_at, expires_at = change.expires_at, used_at = change.used_at,
    used_recorded_at = change.used_recorded_at, used_place = change.used_place, used_by = change.used_by
FROM jsonb_to_recordset(%(code_changes)s::jsonb) AS change (
    id uuid, status text, member_id uuid, redemption_id uuid, issued_at timestamptz, expires_at timestamptz,
    used_at timestamptz, used_recorded_at timestamptz, used_place text, used_by text
)
WHERE code.id = change.id

-- section: stock_changes
UPDATE loyalty_rewardstock AS stored SET taken = stored.taken + change.taken
FROM jsonb_to_recordset(%(stock_changes)s::jsonb) AS change (reward_id uuid, taken bigint)
WHERE stored.reward_id = change.reward_id

-- section: member_items
INSERT INTO loyalty_memberitem AS stored (id, environment_id, member_id, item_id, quantity)
SELECT id, environment_id, member_id, item_id, quantity
FROM jsonb_to_recordset(%(member_items)s::jsonb) AS item (
    id uuid, environment_id uuid, member_id uuid, item_id uuid, quantity bigint
)
ORDER BY member_id, item_id
ON CONFLICT (member_id, item_id) DO UPDATE SET quantity = excluded.quantity

-- section: item_changes
INSERT INTO loyalty_itemchange (
    id, environment_id, member_id, item_id, quantity, redemption_id, achievement_id, code, occurred_at,
    recorded_at, actor_kind, actor_id, trace_id
)
SELECT
    id, environment_id, member_id, item_id, quantity, redemption_id, achievement_id, code, occurred_at,
    recorded_at, actor_kind, actor_id, trace_id
FROM jsonb_to_recordset(%(item_changes)s::jsonb) AS change (
    id uuid, environment_id uuid, member_id uuid, item_id uuid, quantity bigint, redemption_id uuid,
    achievement_id uuid, code text, occurred_at timestamptz, recorded_at timestamptz, actor_kind text,
    actor_id text, trace_id text
)

-- section: stamp_collections
INSERT INTO loyalty_stampcollection (
    id, environment_id, member_id, stamp_program_id, counter, cycle_from, created_at, recorded_at, actor_kind,
    actor_id, trace_id
)
SELECT
    id, environment_id, member_id, stamp_program_id, counter, cycle_from, created_at, recorded_at, actor_kind,
    actor_id, trace_id
FROM jsonb_to_recordset(%(stamp_collections)s::jsonb) AS collection (
    id uuid, environment_id uuid, member_id uuid, stamp_program_id uuid, counter bigint, cycle_from integer,
    created_at timestamptz, recorded_at timestamptz, actor_kind text, actor_id text, trace_id text
)

-- section: stamp_collection_changes
UPDATE loyalty_stampcollection AS collection SET counter = change.counter, cycle_from = change.cycle_from
FROM jsonb_to_recordset(%(stamp_collection_changes)s::jsonb) AS change (
    id uuid, member_id uuid, counter bigint, cycle_from integer
)
WHERE collection.id = change.id AND collection.member_id = change.member_id

-- section: stamp_rewards
INSERT INTO loyalty_stampreward (
    id, environment_id, member_id, collection_id, stamp_program_id, kind, amount, currency, size, stamp_ids,
    cycle_from, status, owed, event_id, issued_at, recorded_at, paid_at, revoked_at, reference, actor_kind,
    actor_id, trace_id
)
SELECT
    id, environment_id, member_id, collection_id, stamp_program_id, kind, amount, currency, size, stamp_ids,
    cycle_from, status, owed, event_id, issued_at, recorded_at, paid_at, revoked_at, reference, actor_kind,
    actor_id, trace_id
FROM jsonb_to_recordset(%(stamp_rewards)s::jsonb) AS reward (
    id uuid, environment_id uuid, member_id uuid, collection_id uuid, stamp_program_id uuid, kind text,
    amount bigint, currency text, size integer, stamp_ids uuid[], cycle_from integer, status text, owed integer,
    event_id uuid, issued_at timestamptz, recorded_at timestamptz, paid_at timestamptz, revoked_at timestamptz,
    reference text, actor_kind text, actor_id text, trace_id text
)

-- section: stamp_reward_changes
UPDATE loyalty_stampreward AS reward
SET status = change.status, owed = change.owed, paid_at = change.paid_at, revoked_at = change.revoked_at,
    reference = change.reference
FROM jsonb_to_recordset(%(stamp_reward_changes)s::jsonb) AS change (
    id uuid, member_id uuid, status text, owed integer, paid_at timestamptz, revoked_at timestamptz,
    reference text
)
WHERE reward.id = change.id AND reward.member_id = change.member_id

-- section: stamp_changes
UPDATE loyalty_stamp AS stamp
SET reward_id = change.reward_id, returned_at = change.returned_at, returned_by_id = change.returned_by_id
FROM jsonb_to_recordset(%(stamp_changes)s::jsonb) AS change (
    id uuid, member_id uuid, reward_id uuid, returned_at timestamptz, returned_by_id uuid
)
WHERE stamp.id = change.id AND stamp.member_id = change.member_id

-- section: stamps
INSERT INTO loyalty_stamp (
    id, environment_id, member_id, collection_id, event_id, number, line, day, unit_price, reward_id,
    collected_at, recorded_at, returned_at, returned_by_id
)
SELECT
    id, environment_id, member_id, collection_id, event_id, number, line, day, unit_price, reward_id,
    collected_at, recorded_at, returned_at, returned_by_id
FROM jsonb_to_recordset(%(stamps)s::jsonb) AS stamp (
    id uuid, environment_id uuid, member_id uuid, collection_id uuid, event_id uuid, number integer,
    line integer, day date, unit_price numeric, reward_id uuid, collected_at timestamptz,
    recorded_at timestamptz, returned_at timestamptz, returned_by_id uuid
)

-- section: mission_progress
INSERT INTO loyalty_missionprogress AS stored (
    id, environment_id, member_id, challenge_id, mission_id, period, progress
)
SELECT id, environment_id, member_id, challenge_id, mission_id, period, progress
FROM jsonb_to_recordset(%(mission_progress)s::jsonb) AS counted (
    id uuid, environment_id uuid, member_id uuid, challenge_id uuid, mission_id uuid, period text, progress numeric
)
ORDER BY member_id, challenge_id, period, mission_id
ON CONFLICT (member_id, challenge_id, period, mission_id) DO UPDATE SET progress = excluded.progress

-- section: achievements
INSERT INTO loyalty_achievement (
    id, environment_id, member_id, kind, challenge_id, mission_id, period, target, event_id, entry_ids, copy_of,
    absorbed, display, title, message, read_at, occurred_at, recorded_at, revoked_at, revoked_by_id, actor_kind, actor_id,
    trace_id
)
SELECT
    id, environment_id, member_id, kind, challenge_id, mission_id, period, target, event_id, entry_ids, copy_of,
    absorbed, display, title, message, read_at, occurred_at, recorded_at, revoked_at, revoked_by_id, actor_kind, actor_id,
    trace_id
FROM jsonb_to_recordset(%(achievements)s::jsonb) AS achievement (
    id uuid, environment_id uuid, member_id uuid, kind text, challenge_id uuid, mission_id uuid, period text,
    target numeric, event_id uuid, entry_ids uuid[], copy_of uuid, absorbed uuid[], display text, title text, message text,
    read_at timestamptz, occurred_at timestamptz, recorded_at timestamptz, revoked_at timestamptz,
    revoked_by_id uuid, actor_kind text, actor_id text, trace_id text
)

-- section: achievement_changes
UPDATE loyalty_achievement AS achievement
SET revoked_at = change.revoked_at, revoked_by_id = change.revoked_by_id, absorbed = change.absorbed
FROM jsonb_to_recordset(%(achievement_changes)s::jsonb) AS change (
    id uuid, member_id uuid, absorbed uuid[], revoked_at timestamptz, revoked_by_id uuid
)
WHERE achievement.id = change.id AND achievement.member_id = change.member_id

-- section: milestone_changes
INSERT INTO loyalty_milestonechange (
    id, environment_id, member_id, milestone_set_id, entry_id, from_id, to_id, rises, recorded_at
)
SELECT id, environment_id, member_id, milestone_set_id, entry_id, from_id, to_id, rises, recorded_at
FROM jsonb_to_recordset(%(milestone_changes)s::jsonb) AS change (
    id uuid, environment_id uuid, member_id uuid, milestone_set_id uuid, entry_id uuid, from_id text, to_id text,
    rises boolean, recorded_at timestamptz
)

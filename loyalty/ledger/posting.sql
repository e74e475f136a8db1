-- Everything that one transaction writes, in one statement: set-based, so that its cost in round trips
-- does not grow with the number of rows. Each section takes a JSON array; a statement is made of the
-- sections that have rows (writing.py), so that a small posting does not start a large plan.
-- Contract: every account named here is locked by this transaction, and its lots were read under that lock.

-- section: new_members
INSERT INTO loyalty_member (id, environment_id, external_id, attributes, status, created_at)
SELECT id, environment_id, external_id, attributes, status, created_at
FROM jsonb_to_recordset(%(new_members)s::jsonb) AS member (
    id uuid, environment_id uuid, external_id text, attributes jsonb, status text, created_at timestamptz
)
ORDER BY id

-- section: successions
UPDATE loyalty_member AS member SET redirect_to_id = change.redirect_to_id
FROM jsonb_to_recordset(%(successions)s::jsonb) AS change (id uuid, redirect_to_id uuid)
WHERE member.id = change.id AND member.redirect_to_id IS NULL

-- section: new_accounts
INSERT INTO loyalty_account (
    id, environment_id, member_id, metric_id, total, pending, held, earned, redeemed, expired, adjusted,
    transferred, sequence, next_due_at, settled_at, created_at
)
SELECT
    id, environment_id, member_id, metric_id, total, pending, held, earned, redeemed, expired, adjusted,
    transferred, sequence, next_due_at, settled_at, created_at
FROM jsonb_to_recordset(%(new_accounts)s::jsonb) AS account (
    id uuid, environment_id uuid, member_id uuid, metric_id uuid, total bigint, pending bigint, held bigint,
    earned bigint, redeemed bigint, expired bigint, adjusted bigint, transferred bigint, sequence bigint,
    next_due_at timestamptz, settled_at timestamptz, created_at timestamptz
)
ORDER BY member_id, metric_id

-- section: events
INSERT INTO loyalty_event (
    id, environment_id, member_id, event_id, type, program_id, occurred_at, recorded_at, data, explanation,
    facts, amount, currency, figures, purchase_id, via_environment_id, digest, actor_kind, actor_id, trace_id
)
SELECT
    id, environment_id, member_id, event_id, type, program_id, occurred_at, recorded_at, data, explanation,
    facts, amount, currency, figures, purchase_id, via_environment_id, decode(digest, 'hex'), actor_kind, actor_id,
    trace_id
FROM jsonb_to_recordset(%(events)s::jsonb) AS event (
    id uuid, environment_id uuid, member_id uuid, event_id text, type text, program_id uuid,
    occurred_at timestamptz, recorded_at timestamptz, data jsonb, explanation jsonb, facts jsonb,
    amount numeric, currency text, figures jsonb, purchase_id uuid, via_environment_id uuid, digest text,
    actor_kind text, actor_id text, trace_id text
)

-- section: event_counts
INSERT INTO loyalty_eventcount AS stored (id, environment_id, member_id, type, count)
SELECT id, environment_id, member_id, type, count
FROM jsonb_to_recordset(%(event_counts)s::jsonb) AS counted (
    id uuid, environment_id uuid, member_id uuid, type text, count bigint
)
ORDER BY member_id, type
ON CONFLICT (member_id, type) DO UPDATE SET count = stored.count + excluded.count

-- section: entries
INSERT INTO loyalty_ledgerentry (
    id, environment_id, member_id, account_id, sequence, type, points, balance_after, nominal, reason, metadata,
    occurred_at, recorded_at, event_id, origin, rule_revision_id, redemption_id, hold_id, reverses_id,
    counterpart_id, counterpart_member_id, via_environment_id, actor_kind, actor_id, trace_id, digest_salt, digest
)
SELECT
    id, environment_id, member_id, account_id, sequence, type, points, balance_after, nominal, reason, metadata,
    occurred_at, recorded_at, event_id, origin, rule_revision_id, redemption_id, hold_id, reverses_id,
    counterpart_id, counterpart_member_id, via_environment_id, actor_kind, actor_id, trace_id,
    decode(digest_salt, 'hex'), decode(digest, 'hex')
FROM jsonb_to_recordset(%(entries)s::jsonb) AS entry (
    id uuid, environment_id uuid, member_id uuid, account_id uuid, sequence bigint, type text, points bigint,
    balance_after bigint, nominal bigint, reason text, metadata jsonb, occurred_at timestamptz,
    recorded_at timestamptz, event_id uuid, origin text, rule_revision_id uuid, redemption_id uuid, hold_id uuid,
    reverses_id uuid, counterpart_id uuid, counterpart_member_id uuid, via_environment_id uuid, actor_kind text,
    actor_id text, trace_id text, digest_salt text, digest text
)

-- section: lots
INSERT INTO loyalty_lot (
    id, environment_id, member_id, account_id, entry_id, points, remaining, held, pending, earned_at,
    available_at, expires_at, recorded_at, continues_id
)
SELECT
    id, environment_id, member_id, account_id, entry_id, points, remaining, held, pending, earned_at,
    available_at, expires_at, recorded_at, continues_id
FROM jsonb_to_recordset(%(lots)s::jsonb) AS lot (
    id uuid, environment_id uuid, member_id uuid, account_id uuid, entry_id uuid, points bigint,
    remaining bigint, held bigint, pending boolean, earned_at timestamptz, available_at timestamptz,
    expires_at timestamptz, recorded_at timestamptz, continues_id uuid
)

-- section: lot_changes
UPDATE loyalty_lot AS lot
SET remaining = change.remaining, held = change.held, pending = change.pending
FROM jsonb_to_recordset(%(lot_changes)s::jsonb) AS change (
    id uuid, member_id uuid, remaining bigint, held bigint, pending boolean
)
WHERE lot.id = change.id AND lot.member_id = change.member_id

-- section: lot_uses
INSERT INTO loyalty_lotuse (
    id, environment_id, member_id, account_id, lot_id, entry_id, points, occurred_at, recorded_at
)
SELECT id, environment_id, member_id, account_id, lot_id, entry_id, points, occurred_at, recorded_at
FROM jsonb_to_recordset(%(lot_uses)s::jsonb) AS used (
    id uuid, environment_id uuid, member_id uuid, account_id uuid, lot_id uuid, entry_id uuid, points bigint,
    occurred_at timestamptz, recorded_at timestamptz
)

-- section: uncovered
INSERT INTO loyalty_uncovered (id, environment_id, member_id, account_id, entry_id, kind, points, open, recorded_at)
SELECT id, environment_id, member_id, account_id, entry_id, kind, points, open, recorded_at
FROM jsonb_to_recordset(%(uncovered)s::jsonb) AS uncovered (
    id uuid, environment_id uuid, member_id uuid, account_id uuid, entry_id uuid, kind text, points bigint,
    open bigint, recorded_at timestamptz
)

-- section: uncovered_changes
UPDATE loyalty_uncovered AS uncovered SET open = change.open
FROM jsonb_to_recordset(%(uncovered_changes)s::jsonb) AS change (id uuid, member_id uuid, open bigint)
WHERE uncovered.id = change.id AND uncovered.member_id = change.member_id

-- section: holds
INSERT INTO loyalty_hold (
    id, environment_id, member_id, account_id, points, captured, account_sequence, moved_to, status, reason,
    metadata, occurred_at, recorded_at, expires_at, closed_at, closed_recorded_at, actor_kind, actor_id, trace_id
)
SELECT
    id, environment_id, member_id, account_id, points, captured, account_sequence, moved_to, status, reason,
    metadata, occurred_at, recorded_at, expires_at, closed_at, closed_recorded_at, actor_kind, actor_id, trace_id
FROM jsonb_to_recordset(%(holds)s::jsonb) AS hold (
    id uuid, environment_id uuid, member_id uuid, account_id uuid, points bigint, captured bigint,
    account_sequence bigint, moved_to uuid, status text, reason text, metadata jsonb, occurred_at timestamptz,
    recorded_at timestamptz, expires_at timestamptz, closed_at timestamptz, closed_recorded_at timestamptz,
    actor_kind text, actor_id text, trace_id text
)

-- section: hold_changes
UPDATE loyalty_hold AS hold
SET captured = change.captured, moved_to = change.moved_to, status = change.status,
    closed_at = change.closed_at, closed_recorded_at = change.closed_recorded_at
FROM jsonb_to_recordset(%(hold_changes)s::jsonb) AS change (
    id uuid, member_id uuid, captured bigint, moved_to uuid, status text, closed_at timestamptz,
    closed_recorded_at timestamptz
)
WHERE hold.id = change.id AND hold.member_id = change.member_id

-- section: hold_lots
INSERT INTO loyalty_holdlot (id, environment_id, member_id, account_id, hold_id, lot_id, points)
SELECT id, environment_id, member_id, account_id, hold_id, lot_id, points
FROM jsonb_to_recordset(%(hold_lots)s::jsonb) AS piece (
    id uuid, environment_id uuid, member_id uuid, account_id uuid, hold_id uuid, lot_id uuid, points bigint
)

-- section: accounts
UPDATE loyalty_account AS account
SET total = change.total, pending = change.pending, held = change.held, earned = change.earned,
    redeemed = change.redeemed, expired = change.expired, adjusted = change.adjusted,
    transferred = change.transferred, sequence = change.sequence, next_due_at = change.next_due_at,
    settled_at = change.settled_at
FROM jsonb_to_recordset(%(accounts)s::jsonb) AS change (
    id uuid, member_id uuid, total bigint, pending bigint, held bigint, earned bigint, redeemed bigint,
    expired bigint, adjusted bigint, transferred bigint, sequence bigint, next_due_at timestamptz,
    settled_at timestamptz
)
WHERE account.id = change.id AND account.member_id = change.member_id

-- section: member_tiers
INSERT INTO loyalty_membertier AS stored (
    id, environment_id, member_id, ladder_id, tier_id, since, next_evaluation_at, in_grace
)
SELECT id, environment_id, member_id, ladder_id, tier_id, since, next_evaluation_at, in_grace
FROM jsonb_to_recordset(%(member_tiers)s::jsonb) AS tier (
    id uuid, environment_id uuid, member_id uuid, ladder_id uuid, tier_id uuid, since timestamptz,
    next_evaluation_at timestamptz, in_grace boolean
)
ORDER BY member_id, ladder_id
ON CONFLICT (member_id, ladder_id) DO UPDATE
SET tier_id = excluded.tier_id, since = excluded.since, next_evaluation_at = excluded.next_evaluation_at,
    in_grace = excluded.in_grace

-- section: tier_progress
INSERT INTO loyalty_tierprogress AS stored (id, environment_id, member_id, ladder_id, day, figure)
SELECT id, environment_id, member_id, ladder_id, day, figure
FROM jsonb_to_recordset(%(tier_progress)s::jsonb) AS progress (
    id uuid, environment_id uuid, member_id uuid, ladder_id uuid, day date, figure numeric
)
ORDER BY member_id, ladder_id, day
ON CONFLICT (member_id, ladder_id, day) DO UPDATE SET figure = stored.figure + excluded.figure

-- section: tier_changes
INSERT INTO loyalty_tierchange (
    id, environment_id, member_id, ladder_id, kind, from_code, to_code, progress, occurred_at, recorded_at,
    event_id, actor_kind, actor_id, trace_id
)
SELECT
    id, environment_id, member_id, ladder_id, kind, from_code, to_code, progress, occurred_at, recorded_at,
    event_id, actor_kind, actor_id, trace_id
FROM jsonb_to_recordset(%(tier_changes)s::jsonb) AS change (
    id uuid, environment_id uuid, member_id uuid, ladder_id uuid, kind text, from_code text, to_code text,
    progress numeric, occurred_at timestamptz, recorded_at timestamptz, event_id uuid, actor_kind text,
    actor_id text, trace_id text
)

-- section: usages
INSERT INTO loyalty_ruleusage AS stored (id, environment_id, member_id, rule_id, period, points, times)
SELECT id, environment_id, member_id, rule_id, period, points, times
FROM jsonb_to_recordset(%(usages)s::jsonb) AS used (
    id uuid, environment_id uuid, member_id uuid, rule_id uuid, period text, points bigint, times bigint
)
ORDER BY member_id, rule_id, period
ON CONFLICT (member_id, rule_id, period) DO UPDATE
SET points = stored.points + excluded.points, times = stored.times + excluded.times

-- section: usage_changes
UPDATE loyalty_ruleusage AS stored SET points = stored.points + change.points, times = stored.times + change.times
FROM jsonb_to_recordset(%(usage_changes)s::jsonb) AS change (
    member_id uuid, rule_id uuid, period text, points bigint, times bigint
)
WHERE stored.member_id = change.member_id AND stored.rule_id = change.rule_id AND stored.period = change.period

-- section: budgets
UPDATE loyalty_rulebudget AS stored SET spent = stored.spent + change.spent
FROM jsonb_to_recordset(%(budgets)s::jsonb) AS change (rule_id uuid, spent bigint)
WHERE stored.rule_id = change.rule_id

-- section: referrals
UPDATE loyalty_referral AS stored
SET status = change.status, event_id = change.event_id, rule_revision_id = change.rule_revision_id,
    referrer_entry_id = change.referrer_entry_id, awarded_at = change.awarded_at
FROM jsonb_to_recordset(%(referrals)s::jsonb) AS change (
    id uuid, member_id uuid, status text, event_id uuid, rule_revision_id uuid, referrer_entry_id uuid,
    awarded_at timestamptz
)
WHERE stored.id = change.id AND stored.member_id = change.member_id

-- section: audit_events
INSERT INTO audit_auditevent (
    id, organization_id, project_id, environment_id, member_id, verb, object_type, object_id, before, after,
    event_id, trace_id, actor_kind, actor_id, ip, occurred_at, recorded_at, salt, digest
)
SELECT
    id, organization_id, project_id, environment_id, member_id, verb, object_type, object_id, before, after,
    event_id, trace_id, actor_kind, actor_id, ip, occurred_at, recorded_at, decode(salt, 'hex'),
    decode(digest, 'hex')
FROM jsonb_to_recordset(%(audit_events)s::jsonb) AS event (
    id uuid, organization_id uuid, project_id uuid, environment_id uuid, member_id uuid, verb text,
    object_type text, object_id text, before jsonb, after jsonb, event_id text, trace_id text,
    actor_kind text, actor_id text, ip inet, occurred_at timestamptz, recorded_at timestamptz, salt text, digest text
)

-- section: answers
INSERT INTO loyalty_idempotencyrecord (
    id, environment_id, member_id, scope, key, fingerprint, status, answer, created_at
)
SELECT id, environment_id, member_id, scope, key, decode(fingerprint, 'hex'), status, answer, created_at
FROM jsonb_to_recordset(%(answers)s::jsonb) AS record (
    id uuid, environment_id uuid, member_id uuid, scope text, key text, fingerprint text, status smallint,
    answer text, created_at timestamptz
)

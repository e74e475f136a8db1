-- All rows of an event that gives 10 points: event, count, entry, lot, account, audit event.
WITH account AS (
    UPDATE loyalty_account
    SET total = total + 10, earned = earned + 10, sequence = sequence + 1, settled_at = now()
    WHERE member_id = %(member_id)s AND metric_id = %(metric_id)s
    RETURNING id, member_id, environment_id, total, sequence
), event AS (
    INSERT INTO loyalty_event (
        id, environment_id, member_id, event_id, type, occurred_at, recorded_at, data, explanation, facts, amount,
        currency, digest, actor_kind, actor_id, trace_id
    )
    SELECT
        %(event_id)s, environment_id, member_id, %(key)s::text, 'purchase', now(), now(), %(data)s, %(explanation)s,
        %(facts)s, 10, 'GBP', %(digest)s, 'api_key', 'sk_live_limit', %(key)s::text
    FROM account
), counted AS (
    INSERT INTO loyalty_eventcount AS stored (id, environment_id, member_id, type, count)
    SELECT %(count_id)s, environment_id, member_id, 'purchase', 1 FROM account
    ON CONFLICT (member_id, type) DO UPDATE SET count = stored.count + 1
), entry AS (
    INSERT INTO loyalty_ledgerentry (
        id, environment_id, member_id, account_id, sequence, type, points, balance_after, reason, occurred_at,
        recorded_at, event_id, origin, actor_kind, actor_id, trace_id, digest_salt, digest
    )
    SELECT
        %(entry_id)s, environment_id, member_id, id, sequence, 'earned', 10, total, 'A point a pound', now(), now(),
        %(event_id)s, 'rule', 'api_key', 'sk_live_limit', %(key)s::text, %(digest)s, %(digest)s
    FROM account
), lot AS (
    INSERT INTO loyalty_lot (
        id, environment_id, member_id, account_id, entry_id, points, remaining, held, pending, earned_at,
        available_at, recorded_at
    )
    SELECT %(lot_id)s, environment_id, member_id, id, %(entry_id)s, 10, 10, 0, false, now(), now(), now() FROM account
)
INSERT INTO audit_auditevent (
    id, organization_id, project_id, environment_id, member_id, verb, object_type, object_id, before, after,
    event_id, trace_id, actor_kind, actor_id, ip, occurred_at, recorded_at, salt, digest
)
SELECT
    %(audit_id)s, %(organization_id)s, %(project_id)s, environment_id, member_id, 'points.earned', 'ledgerentry',
    %(entry_id)s::text, jsonb_build_object('total', total - 10),
    jsonb_build_object('points', 10, 'total', total, 'reason', 'A point a pound'), %(key)s::text, %(key)s::text,
    'api_key', 'sk_live_limit', '127.0.0.1', now(), now(), %(digest)s, %(digest)s
FROM account

-- The rows of event.sql for many events at once, each of another member.
WITH sent AS MATERIALIZED (
    SELECT * FROM unnest(
        %(member_ids)s::uuid[], %(event_ids)s::uuid[], %(count_ids)s::uuid[], %(entry_ids)s::uuid[],
        %(lot_ids)s::uuid[], %(audit_ids)s::uuid[]
    ) AS sent (member_id, event_id, count_id, entry_id, lot_id, audit_id)
), locked AS MATERIALIZED (
    SELECT account.id AS account_id, sent.* FROM loyalty_account AS account JOIN sent USING (member_id)
    WHERE account.metric_id = %(metric_id)s ORDER BY member_id FOR UPDATE OF account
), account AS (
    UPDATE loyalty_account AS account
    SET total = total + 10, earned = earned + 10, sequence = sequence + 1, settled_at = now()
    FROM locked WHERE account.id = locked.account_id AND account.member_id = locked.member_id
    RETURNING account.id, account.environment_id, account.total, account.sequence, locked.*
), event AS (
    INSERT INTO loyalty_event (
        id, environment_id, member_id, event_id, type, occurred_at, recorded_at, data, explanation, facts, amount,
        currency, digest, actor_kind, actor_id, trace_id
    )
    SELECT
        event_id, environment_id, member_id, event_id::text, 'purchase', now(), now(), %(data)s, %(explanation)s,
        %(facts)s, 10, 'GBP', %(digest)s, 'api_key', 'sk_live_limit', %(key)s::text
    FROM account
), counted AS (
    INSERT INTO loyalty_eventcount AS stored (id, environment_id, member_id, type, count)
    SELECT count_id, environment_id, member_id, 'purchase', 1 FROM account ORDER BY member_id
    ON CONFLICT (member_id, type) DO UPDATE SET count = stored.count + 1
), entry AS (
    INSERT INTO loyalty_ledgerentry (
        id, environment_id, member_id, account_id, sequence, type, points, balance_after, reason, occurred_at,
        recorded_at, event_id, origin, actor_kind, actor_id, trace_id, digest_salt, digest
    )
    SELECT
        entry_id, environment_id, member_id, id, sequence, 'earned', 10, total, 'A point a pound', now(), now(),
        event_id, 'rule', 'api_key', 'sk_live_limit', %(key)s::text, %(digest)s, %(digest)s
    FROM account
), lot AS (
    INSERT INTO loyalty_lot (
        id, environment_id, member_id, account_id, entry_id, points, remaining, held, pending, earned_at,
        available_at, recorded_at
    )
    SELECT lot_id, environment_id, member_id, id, entry_id, 10, 10, 0, false, now(), now(), now() FROM account
)
INSERT INTO audit_auditevent (
    id, organization_id, project_id, environment_id, member_id, verb, object_type, object_id, before, after,
    event_id, trace_id, actor_kind, actor_id, ip, occurred_at, recorded_at, salt, digest
)
SELECT
    audit_id, %(organization_id)s, %(project_id)s, environment_id, member_id, 'points.earned', 'ledgerentry',
    entry_id::text, jsonb_build_object('total', total - 10),
    jsonb_build_object('points', 10, 'total', total, 'reason', 'A point a pound'), event_id::text, %(key)s::text,
    'api_key', 'sk_live_limit', '127.0.0.1', now(), now(), %(digest)s, %(digest)s
FROM account

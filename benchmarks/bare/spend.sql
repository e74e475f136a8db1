-- All rows of a spend of 1 point from the first lot: entry, use, lot, account, audit event, answer.
WITH account AS (
    UPDATE loyalty_account
    SET total = total - 1, redeemed = redeemed + 1, sequence = sequence + 1, settled_at = now()
    WHERE member_id = %(member_id)s AND metric_id = %(metric_id)s
    RETURNING id, member_id, environment_id, total, sequence
), lot AS (
    UPDATE loyalty_lot AS lot
    SET remaining = lot.remaining - 1
    FROM account
    WHERE lot.id = (
        SELECT open.id FROM loyalty_lot AS open
        WHERE open.account_id = account.id AND (open.remaining > 0 OR open.held > 0) AND open.remaining > 0
        ORDER BY open.expires_at, open.earned_at, open.id LIMIT 1
    )
    RETURNING lot.id
), entry AS (
    INSERT INTO loyalty_ledgerentry (
        id, environment_id, member_id, account_id, sequence, type, points, balance_after, reason, occurred_at,
        recorded_at, actor_kind, actor_id, trace_id, digest_salt, digest
    )
    SELECT
        %(entry_id)s, environment_id, member_id, id, sequence, 'redeemed', -1, total, 'Purchase', now(), now(),
        'api_key', 'sk_live_limit', %(key)s::text, %(digest)s, %(digest)s
    FROM account
), used AS (
    INSERT INTO loyalty_lotuse (
        id, environment_id, member_id, account_id, lot_id, entry_id, points, occurred_at, recorded_at
    )
    SELECT %(row_id)s, environment_id, member_id, account.id, lot.id, %(entry_id)s, 1, now(), now()
    FROM account CROSS JOIN lot
), audited AS (
    INSERT INTO audit_auditevent (
        id, organization_id, project_id, environment_id, member_id, verb, object_type, object_id, before, after,
        trace_id, actor_kind, actor_id, ip, occurred_at, recorded_at, salt, digest
    )
    SELECT
        %(audit_id)s, %(organization_id)s, %(project_id)s, environment_id, member_id, 'points.redeemed',
        'ledgerentry', %(entry_id)s::text, jsonb_build_object('total', total + 1),
        jsonb_build_object('points', -1, 'total', total, 'reason', 'Purchase'), %(key)s::text, 'api_key',
        'sk_live_limit', '127.0.0.1', now(), now(), %(digest)s, %(digest)s
    FROM account
)
INSERT INTO loyalty_idempotencyrecord (
    id, environment_id, member_id, scope, key, fingerprint, status, answer, created_at
)
SELECT %(answer_id)s, environment_id, member_id, '', %(key)s::text, %(digest)s, 201, %(answer)s, now() FROM account

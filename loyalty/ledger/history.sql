-- What was known of one account at a recorded instant, each with what of it had happened by a business instant.
-- Parameters: account; known, the recorded instant; at, the business instant (both may be 'infinity').

-- section: lots
SELECT
    lot.id, lot.points, lot.earned_at, lot.available_at, lot.expires_at,
    coalesce(sum(used.points), 0)::bigint AS used,
    coalesce(sum(used.points) FILTER (WHERE used.occurred_at <= %(at)s), 0)::bigint AS used_then
FROM loyalty_lot AS lot
LEFT JOIN loyalty_lotuse AS used ON used.lot_id = lot.id AND used.recorded_at <= %(known)s
WHERE lot.account_id = %(account)s AND lot.recorded_at <= %(known)s
GROUP BY lot.id
HAVING lot.points > coalesce(sum(used.points), 0)
    OR lot.points > coalesce(sum(used.points) FILTER (WHERE used.occurred_at <= %(at)s), 0)

-- section: uncovered
SELECT
    missing.id, missing.kind,
    CASE
        WHEN missing.kind = 'debt' THEN -entry.points - coalesce((
            SELECT sum(used.points) FROM loyalty_lotuse AS used
            WHERE used.entry_id = entry.id AND used.recorded_at <= %(known)s AND used.occurred_at <= %(at)s
        ), 0)
        -- After a merge it goes on elsewhere, by a transfer of no points.
        WHEN EXISTS (
            SELECT FROM loyalty_ledgerentry AS sent
            WHERE sent.account_id = missing.account_id AND sent.type = 'transferred' AND sent.points = 0
                AND sent.recorded_at BETWEEN missing.recorded_at AND %(known)s AND sent.occurred_at <= %(at)s
                AND NOT EXISTS (SELECT FROM loyalty_uncovered AS own WHERE own.entry_id = sent.id)
        ) THEN 0
        ELSE missing.points + coalesce((
            SELECT sum(paid.points) FROM loyalty_ledgerentry AS paid
            WHERE paid.reverses_id = entry.id AND paid.nominal = 0 AND paid.recorded_at <= %(known)s
                AND paid.occurred_at <= %(at)s
        ), 0)
    END::bigint AS open
FROM loyalty_uncovered AS missing
JOIN loyalty_ledgerentry AS entry ON entry.id = missing.entry_id
WHERE missing.account_id = %(account)s AND missing.recorded_at <= %(known)s AND entry.occurred_at <= %(at)s

-- section: figures
SELECT
    coalesce(second.type, first.type, entry.type) AS root,
    sum(entry.points)::bigint AS points,
    coalesce(sum(entry.points) FILTER (WHERE entry.occurred_at <= %(at)s), 0)::bigint AS points_then,
    max(entry.sequence) AS sequence,
    count(*) FILTER (WHERE entry.occurred_at <= %(at)s) AS entries_then
FROM loyalty_ledgerentry AS entry
LEFT JOIN loyalty_ledgerentry AS first ON first.id = entry.reverses_id
LEFT JOIN loyalty_ledgerentry AS second ON second.id = first.reverses_id
WHERE entry.account_id = %(account)s AND entry.recorded_at <= %(known)s
GROUP BY 1

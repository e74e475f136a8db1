-- Accounts with what a balance shows, as last settled. Parameters: members; now; time_zone; days shown.
SELECT
    account.member_id, account.metric_id, account.total, account.pending, account.held, account.earned,
    account.redeemed, account.expired, account.adjusted, account.transferred,
    account.next_due_at <= %(now)s AS is_due,
    coalesce((
        SELECT sum(missing.open) FROM loyalty_uncovered AS missing
        WHERE missing.account_id = account.id AND missing.open > 0 AND missing.kind = 'shortfall'
    ), 0)::bigint AS shortfall,
    CASE WHEN account.next_due_at IS NOT NULL THEN (
        SELECT jsonb_agg(jsonb_build_array(day.at, day.points) ORDER BY day.at) FROM (
            SELECT min(lot.ends_at) AS at, sum(lot.remaining) AS points FROM (
                SELECT greatest(expires_at, earned_at) AS ends_at, remaining FROM loyalty_lot
                WHERE account_id = account.id AND remaining > 0 AND expires_at > %(now)s AND available_at <= %(now)s
            ) AS lot
            GROUP BY (lot.ends_at AT TIME ZONE %(time_zone)s)::date
            ORDER BY at LIMIT %(days)s
        ) AS day
    ) END AS expiring
FROM loyalty_account AS account
WHERE account.member_id = ANY(%(members)s)

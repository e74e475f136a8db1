-- A member's accounts, each with its dated lots.
SELECT
    member.status, account.metric_id, account.total, account.pending, account.held, account.earned,
    account.redeemed, account.expired,
    ARRAY(
        SELECT jsonb_build_object('remaining', remaining, 'expires_at', expires_at)
        FROM loyalty_lot
        WHERE account_id = account.id AND remaining > 0 AND (expires_at IS NOT NULL OR pending)
    )
FROM loyalty_member AS member JOIN loyalty_account AS account ON account.member_id = member.id
WHERE member.id = %(member_id)s AND member.environment_id = %(environment_id)s

-- What the checks read: one chunk of accounts, each table once. A check is a SELECT over these names.
-- Each look-up is a LATERAL with OFFSET 0, so that it takes its index whatever the statistics say; between
-- these names there are only hash joins (the runner switches nested loops off). Sums are numeric: no falsified
-- figure makes them overflow.
WITH accounts AS MATERIALIZED (
    SELECT
        account.*,
        account.total::numeric - account.pending - account.held AS balance,
        member.external_id,
        member.environment_id AS member_environment_id,
        member.status = 'erased' AS is_erased,
        member.status = 'erased' OR member.redirect_to_id IS NOT NULL AS is_gone,
        survivor.redirect_to_id AS redirects_further_to
    FROM loyalty_account AS account
    LEFT JOIN LATERAL (SELECT * FROM loyalty_member WHERE id = account.member_id OFFSET 0) AS member ON true
    LEFT JOIN LATERAL (SELECT * FROM loyalty_member WHERE id = member.redirect_to_id OFFSET 0) AS survivor ON true
    WHERE account.id = ANY (%(accounts)s::uuid[])
), entries AS MATERIALIZED (
    SELECT entry.*
    FROM accounts AS account
    CROSS JOIN LATERAL (
        SELECT
            id, environment_id, member_id, account_id, sequence, type, points, balance_after, nominal, occurred_at,
            event_id, origin, hold_id, redemption_id, reverses_id, counterpart_id, counterpart_member_id
        FROM loyalty_ledgerentry
        WHERE account_id = account.id
        OFFSET 0
    ) AS entry
), lots AS MATERIALIZED (
    SELECT lot.*, CASE WHEN expires_at IS NOT NULL THEN greatest(expires_at, earned_at) END AS ends_at
    FROM accounts AS account
    CROSS JOIN LATERAL (
        SELECT * FROM loyalty_lot WHERE member_id = account.member_id AND account_id = account.id OFFSET 0
    ) AS lot
), uses AS MATERIALIZED (
    SELECT
        used.id, used.environment_id, used.member_id, used.account_id, used.lot_id, used.entry_id, used.points,
        entry.account_id AS entry_account_id, entry.type AS entry_type, entry.points AS entry_points,
        entry.reverses_id
    FROM entries AS entry
    CROSS JOIN LATERAL (SELECT * FROM loyalty_lotuse WHERE entry_id = entry.id OFFSET 0) AS used
), uncovered AS MATERIALIZED (
    SELECT missing.*, entry.account_id AS entry_account_id, entry.type AS entry_type, entry.points AS entry_points
    FROM entries AS entry
    CROSS JOIN LATERAL (SELECT * FROM loyalty_uncovered WHERE entry_id = entry.id OFFSET 0) AS missing
), holds AS MATERIALIZED (
    SELECT hold.*
    FROM accounts AS account
    CROSS JOIN LATERAL (
        SELECT * FROM loyalty_hold WHERE member_id = account.member_id AND account_id = account.id OFFSET 0
    ) AS hold
), hold_lots AS MATERIALIZED (
    SELECT piece.*, hold.account_id AS hold_account_id, hold.status
    FROM holds AS hold
    CROSS JOIN LATERAL (SELECT * FROM loyalty_holdlot WHERE hold_id = hold.id OFFSET 0) AS piece
), reversals AS MATERIALIZED (
    -- Of a payment of a shortfall the original is a reversal itself (or what carried the shortfall over).
    SELECT
        entry.*, original.type AS original_type, original.points AS original_points,
        original.sequence AS original_sequence, coalesce(root.type, original.type) AS root_type,
        coalesce(original.type IN ('reversed', 'transferred'), false) AS is_payment,
        coalesce(shortfall.points, 0)::numeric AS shortfall
    FROM entries AS entry
    LEFT JOIN entries AS original ON original.id = entry.reverses_id AND original.account_id = entry.account_id
    LEFT JOIN entries AS root ON root.id = original.reverses_id AND original.type = 'reversed'
    LEFT JOIN uncovered AS shortfall ON shortfall.entry_id = entry.id AND shortfall.kind = 'shortfall'
    WHERE entry.type = 'reversed' OR entry.reverses_id IS NOT NULL
), rooted AS (
    SELECT account_id, sequence, points, type AS root_type FROM entries WHERE type <> 'reversed'
    UNION ALL
    SELECT account_id, sequence, points, root_type FROM reversals WHERE type = 'reversed'
), entry_figures AS (
    SELECT
        account_id,
        sum(points) AS points,
        max(sequence) AS last_sequence,
        sum(points) FILTER (WHERE root_type IN ('earned', 'bonus')) AS earned,
        -sum(points) FILTER (WHERE root_type = 'redeemed') AS redeemed,
        -sum(points) FILTER (WHERE root_type = 'expired') AS expired,
        sum(points) FILTER (WHERE root_type = 'adjusted') AS adjusted,
        sum(points) FILTER (WHERE root_type = 'transferred') AS transferred
    FROM rooted
    GROUP BY account_id
), lot_figures AS (
    SELECT
        account_id,
        sum(remaining) AS remaining,
        sum(held) AS held,
        sum(remaining) FILTER (WHERE pending) AS pending,
        min(
            CASE WHEN pending AND (ends_at IS NULL OR available_at < ends_at) THEN available_at ELSE ends_at END
        ) FILTER (WHERE remaining > 0) AS due_at
    FROM lots
    GROUP BY account_id
), uncovered_figures AS (
    SELECT
        entry_account_id AS account_id,
        sum(open) FILTER (WHERE kind = 'debt') AS debt,
        sum(open) FILTER (WHERE kind = 'shortfall') AS shortfall
    FROM uncovered
    GROUP BY entry_account_id
), hold_figures AS (
    SELECT account_id, sum(points) AS points, min(expires_at) AS due_at
    FROM holds
    WHERE status = 'open'
    GROUP BY account_id
), figures AS MATERIALIZED (
    SELECT
        account.*,
        coalesce(entry.points, 0) AS sum_of_entries,
        coalesce(entry.last_sequence, 0) AS last_sequence,
        coalesce(entry.earned, 0) AS sum_of_earned,
        coalesce(entry.redeemed, 0) AS sum_of_redeemed,
        coalesce(entry.expired, 0) AS sum_of_expired,
        coalesce(entry.adjusted, 0) AS sum_of_adjusted,
        coalesce(entry.transferred, 0) AS sum_of_transferred,
        coalesce(lot.remaining, 0) AS lots_remaining,
        coalesce(lot.held, 0) AS lots_held,
        coalesce(lot.pending, 0) AS lots_pending,
        coalesce(missing.debt, 0) AS debt,
        coalesce(missing.shortfall, 0) AS shortfall,
        coalesce(hold.points, 0) AS open_holds,
        least(lot.due_at, hold.due_at) AS due_at
    FROM accounts AS account
    LEFT JOIN entry_figures AS entry ON entry.account_id = account.id
    LEFT JOIN lot_figures AS lot ON lot.account_id = account.id
    LEFT JOIN uncovered_figures AS missing ON missing.account_id = account.id
    LEFT JOIN hold_figures AS hold ON hold.account_id = account.id
), owners AS MATERIALIZED (
    -- Each member once, with the first of their accounts: what is a member's is told of that one.
    SELECT
        account.id AS account_id, account.member_id, account.environment_id, account.member_environment_id,
        account.is_erased, account.is_gone
    FROM accounts AS account
    CROSS JOIN LATERAL (
        SELECT id FROM loyalty_account WHERE member_id = account.member_id ORDER BY id LIMIT 1
    ) AS first
    WHERE first.id = account.id
), redemptions AS MATERIALIZED (
    SELECT owner.account_id, owner.is_erased, redemption.*
    FROM owners AS owner
    CROSS JOIN LATERAL (
        SELECT id, environment_id, member_id, reward_id, metric_id, status, points, gives, fulfilled_at
        FROM loyalty_redemption
        WHERE member_id = owner.member_id
        OFFSET 0
    ) AS redemption
), codes AS MATERIALIZED (
    SELECT redemption.account_id, code.*
    FROM redemptions AS redemption
    CROSS JOIN LATERAL (SELECT * FROM loyalty_rewardcode WHERE redemption_id = redemption.id OFFSET 0) AS code
), member_items AS MATERIALIZED (
    SELECT owner.account_id, item.*
    FROM owners AS owner
    CROSS JOIN LATERAL (SELECT * FROM loyalty_memberitem WHERE member_id = owner.member_id OFFSET 0) AS item
), item_changes AS MATERIALIZED (
    SELECT owner.account_id, change.*
    FROM owners AS owner
    CROSS JOIN LATERAL (
        SELECT id, environment_id, member_id, item_id, quantity, redemption_id FROM loyalty_itemchange
        WHERE member_id = owner.member_id
        OFFSET 0
    ) AS change
)

-- transfer_has_two_sides: A transfer's other side names it back, with the opposite points, in the same environment and metric.
SELECT
    'ledgerentry', entry.id, entry.account_id,
    concat('transferred ', -entry.points::numeric, ', naming this one, in the same environment and metric'),
    CASE
        WHEN other.id IS NULL THEN 'no other side'
        ELSE concat(other.type, ' ', other.points, CASE
            WHEN other.counterpart_id IS DISTINCT FROM entry.id THEN ', naming another'
            WHEN other.environment_id <> entry.environment_id THEN ', in another environment'
            WHEN other.metric_id IS DISTINCT FROM account.metric_id THEN ', in another metric'
            WHEN entry.counterpart_member_id IS DISTINCT FROM other.member_id THEN ', of another member than this one says'
        END)
    END
FROM entries AS entry
JOIN accounts AS account ON account.id = entry.account_id
LEFT JOIN LATERAL (
    SELECT
        id, type, points, environment_id, member_id, counterpart_id, counterpart_member_id,
        (SELECT metric_id FROM loyalty_account WHERE id = ledger.account_id) AS metric_id
    FROM loyalty_ledgerentry AS ledger
    WHERE ledger.id = entry.counterpart_id
    OFFSET 0
) AS other ON true
WHERE CASE
    WHEN entry.type = 'transferred' THEN
        (other.type, other.points::numeric, other.counterpart_id, other.member_id, other.environment_id, other.metric_id)
        IS DISTINCT FROM (
            entry.type, -entry.points::numeric, entry.id, entry.counterpart_member_id, entry.environment_id, account.metric_id
        )
        OR other.member_id = entry.member_id
    ELSE entry.counterpart_id IS NOT NULL
END;

-- empty_transfer_carries_shortfall: A transfer of 0 points carries a shortfall over, so that one of its two sides has it.
SELECT 'ledgerentry', id, account_id, '1 shortfall', concat(shortfalls, ' shortfalls')
FROM (
    SELECT
        id, account_id,
        (
            SELECT count(*) FROM loyalty_uncovered
            WHERE entry_id IN (entry.id, entry.counterpart_id) AND kind = 'shortfall'
        ) AS shortfalls
    FROM entries AS entry
    WHERE type = 'transferred' AND points = 0
) AS pair
WHERE shortfalls <> 1;

-- transfer_keeps_dates: What arrives by a transfer vests and expires when it would have before.
-- Not of what a merged member gets: that settles a debt, and the lot is used up at once.
SELECT DISTINCT
    'ledgerentry', coalesce(arrived.entry_id, sent.entry_id), coalesce(arrived.account_id, sent.account_id),
    concat(coalesce(sent.points, 0), ' available ', sent.available_at, ' until ', coalesce(sent.expires_at::text, 'never')),
    concat(coalesce(arrived.points, 0), ' available ', arrived.available_at, ' until ', coalesce(arrived.expires_at::text, 'never'))
FROM (
    SELECT lot.entry_id, lot.account_id, lot.available_at, lot.expires_at, sum(lot.points) AS points
    FROM lots AS lot
    JOIN entries AS entry ON entry.id = lot.entry_id AND entry.type = 'transferred'
    JOIN accounts AS account ON account.id = entry.account_id AND NOT account.is_gone
    GROUP BY lot.entry_id, lot.account_id, lot.available_at, lot.expires_at
) AS arrived
FULL JOIN (
    SELECT entry.id AS entry_id, entry.account_id, used.available_at, used.expires_at, sum(used.points) AS points
    FROM entries AS entry
    JOIN accounts AS account ON account.id = entry.account_id AND NOT account.is_gone
    CROSS JOIN LATERAL (
        SELECT
            points,
            (SELECT available_at FROM loyalty_lot WHERE id = taken.lot_id) AS available_at,
            (SELECT expires_at FROM loyalty_lot WHERE id = taken.lot_id) AS expires_at
        FROM loyalty_lotuse AS taken
        WHERE taken.entry_id = entry.counterpart_id
        OFFSET 0
    ) AS used
    WHERE entry.type = 'transferred' AND entry.points > 0
    GROUP BY entry.id, entry.account_id, used.available_at, used.expires_at
) AS sent
    ON sent.entry_id = arrived.entry_id AND sent.available_at = arrived.available_at
    AND coalesce(sent.expires_at, 'infinity') = coalesce(arrived.expires_at, 'infinity')
WHERE arrived.points IS DISTINCT FROM sent.points;

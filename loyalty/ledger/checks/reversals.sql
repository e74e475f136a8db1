-- reversal_fits_original: A reversal comes after its original and goes against it.
SELECT
    'ledgerentry', id, account_id,
    'an earlier entry of this account that can be reversed',
    coalesce(concat(original_type, ' ', original_points, ', reversed by ', points), 'no original')
FROM reversals
WHERE type <> 'reversed' OR original_sequence IS NULL OR original_sequence >= sequence OR NOT CASE
    WHEN original_type IN ('earned', 'bonus') THEN points <= 0
    WHEN original_type = 'redeemed' THEN points > 0
    WHEN original_type = 'adjusted' AND original_points > 0 THEN points <= 0
    WHEN original_type = 'adjusted' THEN points > 0
    -- the payment of a shortfall
    ELSE points < 0 AND reverses_id IN (SELECT entry_id FROM uncovered WHERE kind = 'shortfall')
END;

-- reversal_adds_up: A reversal's nominal amount is what it moved, its shortfall and what had expired already.
SELECT
    'ledgerentry', id, account_id,
    CASE WHEN is_payment THEN '0' WHEN points > 0 THEN points::text ELSE concat('at least ', shortfall - points) END,
    nominal::text
FROM reversals
WHERE nominal IS NULL OR CASE
    WHEN is_payment THEN nominal <> 0
    WHEN points > 0 THEN nominal <> points
    ELSE nominal::numeric + points < shortfall
END;

-- reversed_at_most_once: All reversals of an entry together are not more than its points.
SELECT 'ledgerentry', original.id, original.account_id, concat('at most ', abs(original.points::numeric)), reversed.nominal::text
FROM entries AS original
JOIN (SELECT reverses_id, sum(nominal) AS nominal FROM reversals WHERE NOT is_payment GROUP BY reverses_id) AS reversed
    ON reversed.reverses_id = original.id
WHERE reversed.nominal > abs(original.points::numeric);

-- expired_counts_once: What reversals leave out as expired already did expire, in the entry's own lots.
-- After a merge those points may have expired in the lots that continue them.
SELECT 'ledgerentry', left_out.reverses_id, left_out.account_id, concat('at most ', own.expired), left_out.points::text
FROM (
    SELECT reverses_id, account_id, sum(nominal::numeric + points - shortfall) AS points
    FROM reversals
    WHERE NOT is_payment AND points <= 0
    GROUP BY reverses_id, account_id
) AS left_out
CROSS JOIN LATERAL (
    WITH RECURSIVE own_lots AS (
        SELECT id FROM loyalty_lot WHERE entry_id = left_out.reverses_id
        UNION ALL
        SELECT heir.id
        FROM own_lots AS lot
        CROSS JOIN LATERAL (SELECT id FROM loyalty_lot WHERE continues_id = lot.id OFFSET 0) AS heir
    )
    SELECT coalesce(sum(used.points), 0) AS expired
    FROM own_lots AS lot
    CROSS JOIN LATERAL (
        SELECT points FROM loyalty_lotuse
        WHERE lot_id = lot.id AND 'expired' = (SELECT type FROM loyalty_ledgerentry WHERE id = entry_id)
        OFFSET 0
    ) AS used
) AS own
WHERE left_out.points > 0 AND left_out.points > own.expired;

-- lot_gets_back_what_was_taken: A reversed spend gives a lot no more than that spend took from it.
SELECT 'lotuse', returned.latest_id, returned.account_id, concat('at most ', coalesce(taken.points, 0)), returned.points::text
FROM (
    SELECT
        reverses_id, lot_id, entry_account_id AS account_id, -sum(points) AS points,
        (array_agg(id ORDER BY id DESC))[1] AS latest_id
    FROM uses
    WHERE entry_type = 'reversed' AND entry_points > 0
    GROUP BY reverses_id, lot_id, entry_account_id
) AS returned
LEFT JOIN (SELECT entry_id, lot_id, sum(points) AS points FROM uses GROUP BY entry_id, lot_id) AS taken
    ON taken.entry_id = returned.reverses_id AND taken.lot_id = returned.lot_id
WHERE returned.points > coalesce(taken.points, 0);

-- uncovered_fits_its_entry: Debts stand on debits, shortfalls on reversals and on what carries them over; no more is open than there was.
SELECT
    'uncovered', id, entry_account_id,
    CASE kind WHEN 'debt' THEN 'at most what was debited' ELSE 'a reversal, or a transfer of 0' END,
    concat(open, ' of ', points, ' ', kind, ', ', entry_type, ' ', entry_points)
FROM uncovered
WHERE points <= 0 OR open < 0 OR open > points OR NOT CASE kind
    WHEN 'debt' THEN points <= -entry_points::numeric
    ELSE (entry_type = 'reversed' AND entry_points <= 0) OR (entry_type = 'transferred' AND entry_points = 0)
END;

-- shortfall_is_paid_by_entries: What is no longer open of a shortfall was paid by entries that name it, carried over by a merge or written off by an erasure.
-- A merge carries over all that is open, by a pair of transfers of 0 points each. An erasure writes it off.
SELECT 'uncovered', id, account_id, concat(points - paid - CASE WHEN open = 0 THEN carried ELSE 0 END, ' open'), concat(open, ' open')
FROM (
    SELECT *, sum(gone) OVER (PARTITION BY account_id) AS all_gone
    FROM (
        SELECT
            missing.id, missing.entry_account_id AS account_id, missing.points, missing.open,
            coalesce(payment.points, 0) AS paid, coalesce(transfer.points, 0) AS carried,
            missing.points::numeric - missing.open - coalesce(payment.points, 0) AS gone,
            account.is_erased
        FROM uncovered AS missing
        JOIN accounts AS account ON account.id = missing.entry_account_id
        LEFT JOIN (
            SELECT reverses_id, -sum(points) AS points FROM reversals WHERE is_payment GROUP BY reverses_id
        ) AS payment ON payment.reverses_id = missing.entry_id
        LEFT JOIN (
            SELECT
                entry.account_id,
                sum((SELECT points FROM loyalty_uncovered WHERE entry_id = entry.counterpart_id AND kind = 'shortfall')) AS points
            FROM entries AS entry
            WHERE entry.type = 'transferred' AND entry.points = 0
            GROUP BY entry.account_id
        ) AS transfer ON transfer.account_id = missing.entry_account_id
        WHERE missing.kind = 'shortfall'
    ) AS each_one
) AS shortfall
WHERE gone < 0
    OR (gone > 0 AND open > 0)
    OR (gone > 0 AND all_gone <> carried AND NOT is_erased)
    OR (all_gone = 0 AND carried <> 0);

-- sequence_has_no_gap: An account's entries count 1, 2, 3 and so on.
SELECT 'ledgerentry', id, account_id, previous::text, sequence::text
FROM (
    SELECT
        id, account_id, sequence,
        coalesce(lag(sequence) OVER (PARTITION BY account_id ORDER BY sequence), 0) + 1 AS previous
    FROM entries
) AS numbered
WHERE sequence <> previous;

-- balance_after_chains: An entry's balance_after is the one before it plus its points.
-- Where one row is false the next one breaks too, by the opposite; only the first is named.
SELECT 'ledgerentry', id, account_id, expected::text, balance_after::text
FROM (
    SELECT
        id, account_id, balance_after, expected,
        lag(balance_after - expected) OVER (PARTITION BY account_id ORDER BY sequence) AS break_before
    FROM (
        SELECT
            id, account_id, sequence, balance_after,
            coalesce(lag(balance_after) OVER (PARTITION BY account_id ORDER BY sequence), 0)::numeric + points AS expected
        FROM entries
    ) AS summed
) AS chained
WHERE balance_after <> expected AND balance_after - expected IS DISTINCT FROM -break_before;

-- sign_fits_type: An entry's sign fits its type.
SELECT 'ledgerentry', id, account_id, concat('the sign of ', type), points::text
FROM entries
WHERE CASE
    WHEN type IN ('earned', 'bonus') THEN points <= 0
    WHEN type IN ('redeemed', 'expired') THEN points >= 0
    WHEN type = 'adjusted' THEN points = 0
    ELSE type NOT IN ('reversed', 'transferred')
END;

-- event_awards_once: One event causes one entry through a rule or benefit in an account.
SELECT 'ledgerentry', id, account_id, 'one entry', concat('entry number ', number, ' of this event by ', origin)
FROM (
    SELECT
        id, account_id, origin,
        row_number() OVER (PARTITION BY event_id, origin, account_id ORDER BY sequence) AS number
    FROM entries
    WHERE event_id IS NOT NULL AND reverses_id IS NULL
) AS original
WHERE number > 1;

-- credit_made_its_lots: A credit's points stand in its lots, in one lot unless it is a transfer; no other entry has any.
SELECT
    'ledgerentry', entry.id, entry.account_id,
    concat(made.expected, CASE WHEN entry.type IN ('earned', 'bonus', 'adjusted') AND entry.points > 0 THEN ' in one lot' END),
    concat(made.points, ' in ', made.lots, ' lots')
FROM entries AS entry
LEFT JOIN (SELECT entry_id, sum(points) AS points, count(*) AS lots FROM lots GROUP BY entry_id) AS lot ON lot.entry_id = entry.id
CROSS JOIN LATERAL (
    SELECT
        coalesce(lot.points, 0) AS points, coalesce(lot.lots, 0) AS lots,
        CASE WHEN entry.type = 'reversed' OR entry.points < 0 THEN 0 ELSE entry.points END AS expected
) AS made
WHERE made.points <> made.expected
    OR (made.lots > 0 AND made.expected = 0)
    OR (made.lots > 1 AND entry.type <> 'transferred');

-- debit_is_covered: A debit's points come from lots or are an open debt.
SELECT 'ledgerentry', entry.id, entry.account_id, (-entry.points::numeric)::text, (coalesce(used.points, 0) + coalesce(debt.open, 0))::text
FROM entries AS entry
LEFT JOIN (SELECT entry_id, sum(points) AS points FROM uses GROUP BY entry_id) AS used ON used.entry_id = entry.id
LEFT JOIN (SELECT entry_id, sum(open) AS open FROM uncovered WHERE kind = 'debt' GROUP BY entry_id) AS debt
    ON debt.entry_id = entry.id
WHERE entry.points < 0 AND coalesce(used.points, 0) + coalesce(debt.open, 0) <> -entry.points::numeric;

-- restoration_is_complete: What a reversed spend gives back goes into lots, all of it.
SELECT 'ledgerentry', entry.id, entry.account_id, entry.points::text, (-coalesce(used.points, 0))::text
FROM entries AS entry
LEFT JOIN (SELECT entry_id, sum(points) AS points FROM uses GROUP BY entry_id) AS used ON used.entry_id = entry.id
WHERE entry.type = 'reversed' AND entry.points > 0 AND -coalesce(used.points, 0) <> entry.points;

-- use_fits_its_entry: Debits take from lots, restorations give back to them, and no other entry does either.
SELECT
    'lotuse', id, entry_account_id,
    CASE WHEN entry_points < 0 THEN 'above 0' WHEN entry_type = 'reversed' AND entry_points > 0 THEN 'below 0' ELSE 'no use' END,
    points::text
FROM uses
WHERE NOT CASE
    WHEN entry_points < 0 THEN points > 0
    WHEN entry_type = 'reversed' AND entry_points > 0 THEN points < 0
    ELSE false
END;

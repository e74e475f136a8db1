-- lot_adds_up: A lot's points are what remains, what is held and what was used.
SELECT 'lot', lot.id, lot.account_id, lot.points::text, found::text
FROM lots AS lot
LEFT JOIN (SELECT lot_id, sum(points) AS points FROM uses GROUP BY lot_id) AS used ON used.lot_id = lot.id
CROSS JOIN LATERAL (SELECT lot.remaining::numeric + lot.held + coalesce(used.points, 0) AS found) AS sum
WHERE lot.points <> found;

-- lot_holds_what_is_held: A lot holds the pieces of the open holds that stand on it.
SELECT 'lot', lot.id, lot.account_id, coalesce(piece.points, 0)::text, lot.held::text
FROM lots AS lot
LEFT JOIN (SELECT lot_id, sum(points) AS points FROM hold_lots WHERE status = 'open' GROUP BY lot_id) AS piece
    ON piece.lot_id = lot.id
WHERE lot.held <> coalesce(piece.points, 0);

-- lot_not_negative: What remains and what is held is never below zero.
SELECT 'lot', id, account_id, '0 or more', concat('points ', points, ', remaining ', remaining, ', held ', held)
FROM lots
WHERE points <= 0 OR remaining < 0 OR held < 0;

-- debt_is_paid_first: While there is debt, no vested lot has points remaining.
SELECT 'lot', lot.id, lot.account_id, '0', lot.remaining::text
FROM lots AS lot
JOIN figures AS account ON account.id = lot.account_id
WHERE account.debt > 0 AND lot.remaining > 0 AND NOT lot.pending;

-- lot_begins_with_its_entry: A lot begins at its entry's date, also when transferred.
SELECT 'lot', lot.id, lot.account_id, entry.occurred_at::text, lot.earned_at::text
FROM lots AS lot
JOIN entries AS entry ON entry.id = lot.entry_id
WHERE lot.earned_at <> entry.occurred_at;

-- merged_lot_goes_on: A lot carried over by a merge has the dates of the one it continues, and what was taken from it.
SELECT
    'lot', lot.id, lot.account_id,
    concat(origin.taken, ' available ', origin.available_at, ' until ', origin.expires_at),
    concat(lot.points, ' available ', lot.available_at, ' until ', lot.expires_at)
FROM lots AS lot
LEFT JOIN entries AS entry ON entry.id = lot.entry_id
LEFT JOIN LATERAL (
    SELECT
        before.available_at, before.expires_at,
        (
            SELECT sum(used.points) FROM loyalty_lotuse AS used
            WHERE used.lot_id = before.id AND used.entry_id = entry.counterpart_id
        ) AS taken
    FROM loyalty_lot AS before
    WHERE before.id = lot.continues_id
    OFFSET 0
) AS origin ON true
WHERE lot.continues_id IS NOT NULL
    AND (lot.points, lot.available_at, lot.expires_at) IS DISTINCT FROM (origin.taken, origin.available_at, origin.expires_at);

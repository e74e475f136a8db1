-- hold_stands_on_lots: A hold's points are those of its pieces; it keeps them when it is closed.
SELECT 'hold', hold.id, hold.account_id, hold.points::text, coalesce(piece.points, 0)::text
FROM holds AS hold
LEFT JOIN (SELECT hold_id, sum(points) AS points FROM hold_lots GROUP BY hold_id) AS piece ON piece.hold_id = hold.id
WHERE hold.points <> coalesce(piece.points, 0);

-- hold_status_fits: A hold is open with nothing captured, captured in part or whole, or closed with nothing captured.
SELECT
    'hold', id, account_id,
    CASE status
        WHEN 'open' THEN 'captured 0, not closed'
        WHEN 'captured' THEN concat('captured 1 to ', points, ', closed')
        ELSE 'captured 0, closed'
    END,
    concat('captured ', captured, CASE WHEN closed_at IS NULL THEN ', not closed' ELSE ', closed' END)
FROM holds
WHERE points <= 0 OR CASE status
    WHEN 'open' THEN captured <> 0 OR closed_at IS NOT NULL
    WHEN 'captured' THEN captured < 1 OR captured > points OR closed_at IS NULL
    ELSE captured <> 0 OR closed_at IS NULL
END;

-- hold_is_captured_by_its_entry: What a hold has captured is what its redeemed entry took.
SELECT 'hold', hold.id, hold.account_id, coalesce(entry.points, 0)::text, hold.captured::text
FROM holds AS hold
LEFT JOIN (
    SELECT hold_id, -sum(points) AS points FROM entries WHERE hold_id IS NOT NULL AND type = 'redeemed' GROUP BY hold_id
) AS entry ON entry.hold_id = hold.id
WHERE hold.captured <> coalesce(entry.points, 0);

-- capture_takes_what_was_held: A capture takes from the lots that its hold reserved, no more than was reserved.
SELECT 'ledgerentry', used.entry_id, used.account_id, concat('at most ', coalesce(piece.points, 0), ' of lot ', used.lot_id), used.points::text
FROM (
    SELECT entry.hold_id, entry.id AS entry_id, entry.account_id, used.lot_id, sum(used.points) AS points
    FROM entries AS entry
    JOIN uses AS used ON used.entry_id = entry.id
    WHERE entry.hold_id IS NOT NULL AND entry.type = 'redeemed'
    GROUP BY entry.hold_id, entry.id, entry.account_id, used.lot_id
) AS used
LEFT JOIN hold_lots AS piece ON piece.hold_id = used.hold_id AND piece.lot_id = used.lot_id
WHERE used.points > coalesce(piece.points, 0);

-- entry_names_its_own_hold: An entry that names a hold redeems it or reverses that, in the hold's own account.
SELECT
    'ledgerentry', entry.id, entry.account_id, 'redeemed or reversed, by a hold of this account',
    concat(entry.type, ', ', CASE WHEN hold.id IS NULL THEN 'no such hold here' ELSE concat('a hold that is ', hold.status) END)
FROM entries AS entry
LEFT JOIN holds AS hold ON hold.id = entry.hold_id AND hold.account_id = entry.account_id
WHERE entry.hold_id IS NOT NULL
    AND (entry.type NOT IN ('redeemed', 'reversed') OR hold.status IS DISTINCT FROM 'captured');

-- hold_is_not_ahead: A hold does not come after entries that are not written yet.
SELECT 'hold', hold.id, hold.account_id, concat('at most ', account.sequence), hold.account_sequence::text
FROM holds AS hold
JOIN accounts AS account ON account.id = hold.account_id
WHERE hold.account_sequence < 0 OR hold.account_sequence > account.sequence;

-- moved_hold_goes_on: A hold that a merge moved goes on as one of the same points, of another member of the same environment.
SELECT
    'hold', hold.id, hold.account_id,
    CASE WHEN hold.status = 'moved' THEN concat(hold.points, ' points of another member here') ELSE 'moved to none' END,
    CASE WHEN hold.moved_to IS NULL THEN 'moved to none' WHEN heir.id IS NULL THEN 'no such hold' ELSE concat(heir.points, ' points') END
FROM holds AS hold
JOIN accounts AS account ON account.id = hold.account_id
LEFT JOIN LATERAL (
    SELECT
        id, points, member_id, environment_id,
        (SELECT metric_id FROM loyalty_account WHERE id = heir.account_id) AS metric_id
    FROM loyalty_hold AS heir
    WHERE heir.id = hold.moved_to
    OFFSET 0
) AS heir ON true
WHERE CASE
    WHEN hold.status = 'moved' THEN
        (heir.points, heir.environment_id, heir.metric_id) IS DISTINCT FROM (hold.points, hold.environment_id, account.metric_id)
        OR heir.member_id = hold.member_id
    ELSE hold.moved_to IS NOT NULL
END;

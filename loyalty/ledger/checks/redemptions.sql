-- redemption_is_paid: A redemption was paid by one entry of what it cost, none where that was nothing; whole again where it was cancelled or has failed, else not at all.
-- Of an erased member nothing is given back: what waited was cancelled, and the account came to zero.
SELECT
    'redemption', id, account_id,
    concat('paid ', points, ', given back ', CASE WHEN is_closed THEN points ELSE 0 END),
    concat('paid ', paid, ' by ', entries, ' entries, given back ', returned)
FROM (
    SELECT
        redemption.*, redemption.status IN ('cancelled', 'failed') AS is_closed,
        coalesce(entry.points, 0) AS paid, entry.entries, coalesce(entry.returned, 0) AS returned
    FROM redemptions AS redemption
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS entries, -sum(points) AS points,
            sum((SELECT sum(nominal) FROM loyalty_ledgerentry WHERE reverses_id = spent.id)) AS returned
        FROM loyalty_ledgerentry AS spent
        WHERE redemption_id = redemption.id AND type = 'redeemed'
    ) AS entry
) AS redemption
WHERE entries <> sign(points) OR paid <> points
    OR (returned <> CASE WHEN is_closed THEN points ELSE 0 END AND NOT (is_erased AND is_closed AND returned = 0));

-- redemption_gave_its_points: The points of another metric that a redemption gives were given by one entry when it was fulfilled; taken back whole where it was cancelled since, else not at all.
SELECT
    'redemption', id, account_id,
    concat('given ', expected, ', taken back ', CASE WHEN is_closed THEN expected ELSE 0 END),
    concat('given ', given, ' by ', entries, ' entries, taken back ', returned)
FROM (
    SELECT
        redemption.*, redemption.status IN ('cancelled', 'failed') AS is_closed,
        CASE WHEN redemption.fulfilled_at IS NULL THEN 0 ELSE coalesce((gives ->> 'points')::numeric, 0) END AS expected,
        coalesce(entry.points, 0) AS given, entry.entries, coalesce(entry.returned, 0) AS returned
    FROM redemptions AS redemption
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS entries, sum(points) AS points,
            sum((SELECT sum(nominal) FROM loyalty_ledgerentry WHERE reverses_id = bonus.id)) AS returned
        FROM loyalty_ledgerentry AS bonus
        WHERE redemption_id = redemption.id AND type = 'bonus'
    ) AS entry
) AS redemption
WHERE entries <> sign(expected) OR given <> expected OR returned <> CASE WHEN is_closed THEN expected ELSE 0 END;

-- redemption_gave_its_item: A member received what a redemption gives when it was fulfilled, and lost it where it was cancelled since; nothing else was received or lost by it.
SELECT
    CASE WHEN redemption.id IS NULL THEN 'itemchange' ELSE 'redemption' END,
    coalesce(redemption.id, change.latest_id),
    coalesce(redemption.account_id, change.account_id),
    concat(coalesce(redemption.expected, 0), ' of item ', coalesce(redemption.item, 'none')),
    concat(coalesce(change.quantity, 0), ' of item ', coalesce(change.items, 'none'))
FROM (
    SELECT
        account_id, id, gives ->> 'item' AS item,
        CASE WHEN gives ? 'item' AND status = 'fulfilled' THEN 1 ELSE 0 END AS expected
    FROM redemptions
) AS redemption
FULL JOIN (
    SELECT
        account_id, redemption_id, sum(quantity) AS quantity, string_agg(DISTINCT item_id::text, ', ') AS items,
        (array_agg(id ORDER BY id DESC))[1] AS latest_id
    FROM item_changes
    WHERE redemption_id IS NOT NULL
    GROUP BY account_id, redemption_id
) AS change ON change.redemption_id = redemption.id AND change.account_id = redemption.account_id
WHERE redemption.id IS NULL
    OR redemption.expected <> coalesce(change.quantity, 0)
    OR (change.items IS NOT NULL AND change.items IS DISTINCT FROM redemption.item);

-- entry_names_its_own_redemption: An entry that names a redemption of its member pays it, is what it gives, or reverses one of those.
SELECT
    'ledgerentry', entry.id, entry.account_id, 'what a redemption cost or gave, or its reversal',
    concat(entry.type, ' of metric ', account.metric_id, CASE WHEN redemption.id IS NULL THEN ', no such redemption of this member' END)
FROM entries AS entry
JOIN accounts AS account ON account.id = entry.account_id
LEFT JOIN LATERAL (
    SELECT id, member_id, metric_id, gives FROM loyalty_redemption WHERE id = entry.redemption_id OFFSET 0
) AS redemption ON redemption.member_id = entry.member_id
LEFT JOIN entries AS original ON original.id = entry.reverses_id
WHERE entry.redemption_id IS NOT NULL AND NOT CASE
    WHEN redemption.id IS NULL THEN false
    WHEN entry.type = 'redeemed' THEN account.metric_id = redemption.metric_id
    WHEN entry.type = 'bonus' THEN account.metric_id::text IS NOT DISTINCT FROM redemption.gives ->> 'metric'
    ELSE entry.type = 'reversed' AND original.redemption_id IS NOT DISTINCT FROM entry.redemption_id
END;

-- code_is_of_its_redemption: A code is that of a redemption of the same reward and member: issued to it, used once it was fulfilled, void where it was cancelled or has failed.
-- An erased member's can't be used any more, and the text of a generated one is gone.
SELECT
    'rewardcode', code.id, redemption.account_id,
    concat(
        CASE
            WHEN redemption.status = 'pending' THEN 'issued'
            WHEN redemption.status <> 'fulfilled' THEN 'void'
            WHEN redemption.is_erased THEN 'used or void'
            ELSE 'issued or used'
        END,
        CASE WHEN redemption.is_erased AND code.source = 'generated' THEN ', blank' END,
        ', reward ', redemption.reward_id, ', member ', redemption.member_id
    ),
    concat(
        code.status, CASE WHEN code.code IS NULL THEN ', blank' END, ', reward ', code.reward_id, ', member ', code.member_id
    )
FROM redemptions AS redemption
JOIN codes AS code ON code.redemption_id = redemption.id
WHERE (code.reward_id, code.member_id) IS DISTINCT FROM (redemption.reward_id, redemption.member_id)
    OR (code.code IS NULL) <> (redemption.is_erased AND code.source = 'generated')
    OR NOT CASE
        WHEN redemption.status = 'pending' THEN code.status = 'issued'
        WHEN redemption.status <> 'fulfilled' THEN code.status = 'void'
        WHEN redemption.is_erased THEN code.status IN ('used', 'void')
        ELSE code.status IN ('issued', 'used')
    END;

-- redemption_has_one_code: A redemption has at most one code.
SELECT 'redemption', redemption_id, account_id, '1 code', concat(count(*), ' codes')
FROM codes
GROUP BY redemption_id, account_id
HAVING count(*) > 1;

-- item_is_sum_of_changes: How often a member has an item is the sum of what they received and lost; an erased member has none.
SELECT
    CASE WHEN stored.id IS NULL THEN 'account' ELSE 'memberitem' END,
    coalesce(stored.id, owner.account_id),
    owner.account_id,
    concat(coalesce(changed.quantity, 0), ' of item ', coalesce(stored.item_id, changed.item_id)),
    coalesce(stored.quantity, 0)::text
FROM member_items AS stored
FULL JOIN (
    SELECT change.account_id, change.item_id, sum(change.quantity) AS quantity
    FROM item_changes AS change
    JOIN owners AS owner ON owner.account_id = change.account_id AND NOT owner.is_erased
    GROUP BY change.account_id, change.item_id
) AS changed ON changed.account_id = stored.account_id AND changed.item_id = stored.item_id
JOIN owners AS owner ON owner.account_id = coalesce(stored.account_id, changed.account_id)
WHERE coalesce(stored.quantity, 0) <> coalesce(changed.quantity, 0) OR (owner.is_erased AND stored.id IS NOT NULL);

-- card_counter_is_its_stamps: A stamp card's counter is its stamps that are in no reward, less those that it owes to paid ones.
SELECT 'stampcollection', card.id, card.id, (figure.open - figure.owed)::text, card.counter::text
FROM cards AS card
JOIN card_figures AS figure ON figure.id = card.id
WHERE card.counter <> figure.open - figure.owed;

-- card_pays_what_it_owes_first: While a stamp card owes stamps to paid rewards, none on it is in no reward.
SELECT 'stampcollection', id, id, '0 in no reward', concat(open, ' in no reward, ', owed, ' owed')
FROM card_figures
WHERE open > 0 AND owed > 0;

-- reward_has_its_stamps: The stamps in a stamp reward are as many as it was issued for, less those that a paid one is owed; in a revoked one there is none, but where its member was erased.
SELECT
    'stampreward', id, collection_id, concat(CASE WHEN status = 'revoked' THEN 0 ELSE size - owed END, ' stamps'),
    concat(live, ' stamps', CASE WHEN returned > 0 THEN concat(', ', returned, ' taken back') END)
FROM (
    SELECT
        reward.*, card.is_erased, coalesce(figure.live, 0) AS live, coalesce(figure.returned, 0) AS returned
    FROM rewards AS reward
    JOIN cards AS card ON card.id = reward.collection_id
    LEFT JOIN reward_figures AS figure
        ON figure.reward_id = reward.id AND figure.collection_id = reward.collection_id
) AS reward
WHERE CASE status
    WHEN 'issued' THEN (live, returned) <> (size, 0)
    WHEN 'paid' THEN live + owed <> size OR returned < owed
    ELSE live + returned > 0 AND NOT (is_erased AND (live, returned) = (size, 0))
END;

-- reward_names_stamps_of_its_card: A stamp reward names as many stamps as it was issued for, all of its own card.
SELECT 'stampreward', reward.id, reward.collection_id, concat(reward.size, ' stamps'), concat(name.stamps, ' stamps')
FROM rewards AS reward
LEFT JOIN (
    SELECT reward_id, count(DISTINCT stamp_id) AS stamps FROM named GROUP BY reward_id
) AS name ON name.reward_id = reward.id
WHERE coalesce(name.stamps, 0) <> reward.size OR cardinality(reward.stamp_ids) <> reward.size;

-- refund_pays_the_lowest_price: A stamp reward that pays a price back pays the lowest of the stamps that it names, in the card's currency.
SELECT 'stampreward', id, collection_id, concat(lowest, ' ', card_currency), concat(amount, ' ', currency)
FROM (
    SELECT
        reward.*, card.currency AS card_currency,
        trunc(coalesce(name.lowest, 0) * 10::numeric ^ coalesce((%(digits)s::jsonb ->> card.currency)::int, 2)) AS lowest
    FROM rewards AS reward
    JOIN cards AS card ON card.id = reward.collection_id
    LEFT JOIN (
        SELECT reward_id, min(unit_price) AS lowest FROM named GROUP BY reward_id
    ) AS name ON name.reward_id = reward.id
) AS reward
WHERE currency IS DISTINCT FROM card_currency OR (kind = 'refund' AND amount <> lowest);

-- stamp_is_in_a_reward_of_its_card: A stamp is in a reward of its own card, or in none.
SELECT
    'stamp', stamp.id, stamp.collection_id, concat('card ', stamp.collection_id), coalesce(concat('card ', met.collection_id), 'no reward')
FROM stamps AS stamp
LEFT JOIN LATERAL (
    SELECT collection_id FROM loyalty_stampreward WHERE id = stamp.reward_id OFFSET 0
) AS met ON true
WHERE stamp.reward_id IS NOT NULL AND met.collection_id IS DISTINCT FROM stamp.collection_id;

-- returned_stamp_names_its_refund: A stamp that was taken back names a refund of its own purchase.
SELECT
    'stamp', stamp.id, stamp.collection_id, concat('a refund of ', stamp.event_id),
    CASE WHEN stamp.returned_by_id IS NULL THEN 'none' ELSE concat('event ', stamp.returned_by_id, ' of ', refund.purchase_id) END
FROM stamps AS stamp
LEFT JOIN LATERAL (
    SELECT purchase_id FROM loyalty_event WHERE id = stamp.returned_by_id OFFSET 0
) AS refund ON true
WHERE NOT is_live AND refund.purchase_id IS DISTINCT FROM stamp.event_id
    OR is_live AND stamp.returned_by_id IS NOT NULL;

-- stamp_is_of_its_members_purchase: A stamp's purchase is its member's, or that of somebody merged into them.
SELECT
    'stamp', stamp.id, stamp.collection_id, concat('a purchase of ', stamp.member_id),
    concat(coalesce(event.type, 'none'), ' of ', event.member_id)
FROM stamps AS stamp
JOIN cards AS card ON card.id = stamp.collection_id
LEFT JOIN LATERAL (
    SELECT member_id, environment_id, type, purchase_id FROM loyalty_event WHERE id = stamp.event_id OFFSET 0
) AS event ON true
LEFT JOIN LATERAL (
    SELECT redirect_to_id, status FROM loyalty_member WHERE id = event.member_id OFFSET 0
) AS buyer ON event.member_id <> stamp.member_id
WHERE event.environment_id IS DISTINCT FROM stamp.environment_id
    OR event.type <> 'purchase'
    OR (
        event.member_id <> stamp.member_id AND buyer.redirect_to_id IS DISTINCT FROM stamp.member_id
        -- That the two were one person is forgotten with them.
        AND NOT (card.is_erased AND buyer.status = 'erased')
    );

-- purchase_stamps_one_card: A purchase stamps one card of a stamp program; its stamps there are numbered from 1, no two alike.
SELECT
    'stamp', own.id, own.collection_id, 'one card, numbers from 1, each once',
    concat(own.stamps, ' stamps, the lowest ', own.lowest, ', ', own.numbers, ' numbers, ', 1 + other.cards, ' cards')
FROM (
    SELECT
        collection_id, event_id, (array_agg(id ORDER BY number, id))[1] AS id, count(*) AS stamps,
        min(number) AS lowest, count(DISTINCT number) AS numbers
    FROM stamps
    GROUP BY collection_id, event_id
) AS own
JOIN cards AS card ON card.id = own.collection_id
CROSS JOIN LATERAL (
    SELECT count(DISTINCT collection_id) AS cards
    FROM loyalty_stamp AS other
    WHERE other.event_id = own.event_id AND other.collection_id <> own.collection_id
        AND (SELECT stamp_program_id FROM loyalty_stampcollection WHERE id = other.collection_id)
            = card.stamp_program_id
) AS other
WHERE own.lowest <> 1 OR own.numbers <> own.stamps OR other.cards > 0;

-- merged_card_is_empty: A stamp card that a merge joined to another holds nothing, and leads in one step to the survivor's of the same stamp program.
SELECT
    'stampcollection', id, id, 'nothing, leads to the survivor''s',
    concat(stamps, ' stamps, ', rewards, ' rewards, counter ', counter, ', leads to ', coalesce(kept_member_id::text, 'none'))
FROM (
    SELECT
        card.*, figure.stamps, figure.rewards, kept.id AS kept_id, kept.member_id AS kept_member_id, kept.merged_into_id AS kept_merged_into_id,
        kept.stamp_program_id AS kept_stamp_program_id
    FROM cards AS card
    JOIN card_figures AS figure ON figure.id = card.id
    LEFT JOIN LATERAL (
        SELECT * FROM loyalty_stampcollection WHERE id = card.merged_into_id OFFSET 0
    ) AS kept ON true
    WHERE card.merged_into_id IS NOT NULL
) AS card
WHERE counter <> 0 OR stamps > 0 OR rewards > 0 OR kept_id IS NULL OR kept_merged_into_id IS NOT NULL
    OR kept_stamp_program_id <> stamp_program_id
    OR (NOT is_erased AND redirect_to_id IS DISTINCT FROM kept_member_id);

-- merged_member_has_no_card: A member who was merged away has no stamp card but those that lead to the survivor's.
SELECT 'stampcollection', id, id, 'a card that leads to the survivor''s', 'a card of their own'
FROM cards
WHERE merged_into_id IS NULL AND redirect_to_id IS NOT NULL AND NOT is_erased;

-- erased_member_is_paid_nothing: Nothing is to be paid to an erased member, and it is not said how they were paid.
SELECT 'stampreward', reward.id, card.id, 'revoked or paid, no reference', concat(status, CASE WHEN reference IS NOT NULL THEN ', with a reference' END)
FROM rewards AS reward
JOIN cards AS card ON card.id = reward.collection_id
WHERE card.is_erased AND (status = 'issued' OR reference IS NOT NULL);

-- card_rows_are_its_members: A stamp card, its program, its stamps and its rewards are of one environment and member.
SELECT kind, row.id, card.id, concat('environment ', card.member_environment_id, ', member ', card.member_id), concat('environment ', row.environment_id, ', member ', row.member_id)
FROM (
    SELECT 'stampcollection' AS kind, id, id AS collection_id, environment_id, member_id, stamp_program_id FROM cards
    UNION ALL SELECT 'stampreward', id, collection_id, environment_id, member_id, stamp_program_id FROM rewards
    UNION ALL SELECT 'stamp', id, collection_id, environment_id, member_id, NULL FROM stamps
) AS row
JOIN cards AS card ON card.id = row.collection_id
WHERE (row.environment_id, row.member_id, coalesce(row.stamp_program_id, card.stamp_program_id), card.program_environment_id)
    IS DISTINCT FROM (card.member_environment_id, card.member_id, card.stamp_program_id, card.member_environment_id);

-- The stamp cards of one chunk, and what is theirs. Parameters: cards, their ids; digits, those after the point of
-- each currency that is not like most.
WITH cards AS MATERIALIZED (
    SELECT
        card.*, member.external_id, member.environment_id AS member_environment_id, member.redirect_to_id,
        coalesce(member.status = 'erased', false) AS is_erased,
        program.environment_id AS program_environment_id, program.currency
    FROM unnest(%(cards)s::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT * FROM loyalty_stampcollection WHERE id = asked.id OFFSET 0) AS card
    LEFT JOIN programs_stampprogram AS program ON program.id = card.stamp_program_id
    LEFT JOIN LATERAL (SELECT * FROM loyalty_member WHERE id = card.member_id OFFSET 0) AS member ON true
), stamps AS MATERIALIZED (
    SELECT stamp.*, stamp.returned_at IS NULL AS is_live
    FROM cards AS card
    CROSS JOIN LATERAL (SELECT * FROM loyalty_stamp WHERE collection_id = card.id OFFSET 0) AS stamp
), rewards AS MATERIALIZED (
    SELECT reward.*
    FROM cards AS card
    CROSS JOIN LATERAL (SELECT * FROM loyalty_stampreward WHERE collection_id = card.id OFFSET 0) AS reward
), named AS MATERIALIZED (
    -- The stamps that a reward was issued for.
    SELECT reward.id AS reward_id, stamp.id AS stamp_id, stamp.unit_price
    FROM rewards AS reward
    CROSS JOIN LATERAL unnest(reward.stamp_ids) AS name (id)
    LEFT JOIN stamps AS stamp ON stamp.id = name.id AND stamp.collection_id = reward.collection_id
), card_figures AS (
    SELECT
        card.id, coalesce(stamp.stamps, 0) AS stamps, coalesce(stamp.open, 0) AS open,
        coalesce(reward.rewards, 0) AS rewards, coalesce(reward.owed, 0) AS owed
    FROM cards AS card
    LEFT JOIN (
        SELECT
            collection_id, count(*) AS stamps, count(*) FILTER (WHERE is_live AND reward_id IS NULL) AS open
        FROM stamps
        GROUP BY collection_id
    ) AS stamp ON stamp.collection_id = card.id
    LEFT JOIN (
        SELECT collection_id, count(*) AS rewards, sum(owed) AS owed FROM rewards GROUP BY collection_id
    ) AS reward ON reward.collection_id = card.id
), reward_figures AS (
    -- By card too: another one's stamp may be of another chunk.
    SELECT
        collection_id, reward_id, count(*) FILTER (WHERE is_live) AS live,
        count(*) FILTER (WHERE NOT is_live) AS returned
    FROM stamps
    WHERE reward_id IS NOT NULL
    GROUP BY collection_id, reward_id
)

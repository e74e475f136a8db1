-- The members of one chunk, and what is theirs of challenges and milestones. Parameter: members, their keys.
WITH members AS MATERIALIZED (
    SELECT
        member.id, member.environment_id, member.external_id, member.redirect_to_id, member.status = 'erased' AS is_erased,
        member.status = 'erased' OR member.redirect_to_id IS NOT NULL AS is_gone
    FROM unnest(%(members)s::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT * FROM loyalty_member WHERE id = asked.id OFFSET 0) AS member
), families AS MATERIALIZED (
    SELECT id AS owner_id, id AS member_id FROM members WHERE NOT is_gone
    UNION ALL
    SELECT member.id, merged.id
    FROM members AS member
    CROSS JOIN LATERAL (
        SELECT id FROM loyalty_member WHERE redirect_to_id = member.id AND status <> 'erased' OFFSET 0
    ) AS merged
    WHERE NOT member.is_gone
), progress AS MATERIALIZED (
    SELECT progress.*, member.is_gone
    FROM members AS member
    CROSS JOIN LATERAL (SELECT * FROM loyalty_missionprogress WHERE member_id = member.id OFFSET 0) AS progress
), achievements AS MATERIALIZED (
    SELECT achievement.*, member.redirect_to_id, member.is_erased, member.is_gone
    FROM members AS member
    CROSS JOIN LATERAL (SELECT * FROM loyalty_achievement WHERE member_id = member.id OFFSET 0) AS achievement
), prizes AS MATERIALIZED (
    -- The entries that achievements name.
    SELECT
        achievement.id AS achievement_id, achievement.member_id AS owner_id, achievement.challenge_id, achievement.copy_of,
        achievement.revoked_at, name.id AS entry_id, entry.id AS found_id, entry.member_id, entry.type, entry.origin, entry.points
    FROM achievements AS achievement
    CROSS JOIN LATERAL unnest(achievement.entry_ids) AS name (id)
    LEFT JOIN LATERAL (
        SELECT id, member_id, type, origin, points FROM loyalty_ledgerentry WHERE id = name.id OFFSET 0
    ) AS entry ON true
), gifts AS MATERIALIZED (
    -- The items that challenges gave and took back.
    SELECT change.*
    FROM members AS member
    CROSS JOIN LATERAL (
        SELECT id, member_id, item_id, quantity, achievement_id, code FROM loyalty_itemchange
        WHERE member_id = member.id AND achievement_id IS NOT NULL
        OFFSET 0
    ) AS change
), crossings AS MATERIALIZED (
    SELECT change.*
    FROM members AS member
    CROSS JOIN LATERAL (SELECT * FROM loyalty_milestonechange WHERE member_id = member.id OFFSET 0) AS change
)

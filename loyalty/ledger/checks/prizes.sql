-- challenge_entry_is_of_one_achievement: An entry that a completed challenge gave is named by one achievement of its member, not counting copies.
WITH named AS (
    SELECT entry_id, count(*) AS achievements
    FROM (SELECT DISTINCT member_id FROM entries WHERE origin LIKE 'challenge:%%') AS member
    CROSS JOIN LATERAL (
        SELECT entry_ids FROM loyalty_achievement
        WHERE member_id = member.member_id AND kind = 'challenge' AND copy_of IS NULL
        OFFSET 0
    ) AS achievement
    CROSS JOIN LATERAL unnest(achievement.entry_ids) AS name (entry_id)
    GROUP BY entry_id
)
SELECT
    'ledgerentry', entry.id, entry.account_id, '1 achievement', concat(coalesce(named.achievements, 0), ' achievements')
FROM entries AS entry
LEFT JOIN named ON named.entry_id = entry.id
WHERE entry.origin LIKE 'challenge:%%' AND coalesce(named.achievements, 0) <> 1;

-- mission_progress_is_what_counted: How far a member is with a mission in a period is what their events counted, those of members merged into them too, net of refunds; a merged or erased member has no progress.
WITH counted AS (
    SELECT
        family.owner_id, (item ->> 'mission')::uuid AS mission, item ->> 'period' AS period,
        sum((item ->> 'amount')::numeric) AS amount
    FROM families AS family
    CROSS JOIN LATERAL (
        SELECT figures #> '{challenges,counted}' AS counted FROM loyalty_event
        WHERE member_id = family.member_id AND figures IS NOT NULL
        OFFSET 0
    ) AS event
    CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(event.counted) WHEN 'array' THEN event.counted END) AS item
    GROUP BY 1, 2, 3
), stored AS (
    SELECT
        progress.id, progress.member_id, progress.period, progress.progress, progress.is_gone,
        (SELECT public_id FROM programs_mission WHERE id = progress.mission_id) AS mission
    FROM progress
)
SELECT
    CASE WHEN stored.id IS NULL THEN 'member' ELSE 'missionprogress' END,
    coalesce(stored.id, counted.owner_id),
    coalesce(stored.member_id, counted.owner_id),
    concat(
        trim_scale(coalesce(counted.amount, 0)), ' of mission ', coalesce(stored.mission, counted.mission), ' in ',
        coalesce(stored.period, counted.period)
    ),
    coalesce(trim_scale(stored.progress)::text, 'none')
FROM stored
FULL JOIN counted
    ON counted.owner_id = stored.member_id AND counted.mission = stored.mission AND counted.period = stored.period
WHERE coalesce(stored.progress, 0) <> coalesce(counted.amount, 0) OR stored.is_gone;

-- completed_mission_has_its_progress: Where a mission is complete, its progress reaches the target of then or that of now.
SELECT
    'achievement', achievement.id, achievement.member_id, trim_scale(least(achievement.target, mission.target))::text,
    trim_scale(coalesce(progress.progress, 0))::text
FROM achievements AS achievement
JOIN programs_mission AS mission ON mission.id = achievement.mission_id
LEFT JOIN progress
    ON progress.member_id = achievement.member_id AND progress.mission_id = achievement.mission_id
    AND progress.period = achievement.period
WHERE achievement.revoked_at IS NULL AND NOT achievement.is_gone
    AND coalesce(progress.progress, 0) < least(achievement.target, mission.target);

-- achievement_gave_its_entries: The points that a completed challenge gave are bonus entries of its member that name the challenge, each once; a mission gives none.
SELECT
    'achievement', achievement.id, achievement.member_id, concat(cardinality(achievement.entry_ids), ' entries'),
    concat(coalesce(prize.entries, 0), ' entries')
FROM achievements AS achievement
LEFT JOIN (
    SELECT achievement_id, count(DISTINCT found_id) AS entries
    FROM prizes
    WHERE (member_id = owner_id OR copy_of IS NOT NULL) AND type = 'bonus'
        AND starts_with(origin, concat('challenge:', replace(challenge_id::text, '-', ''), ':'))
    GROUP BY achievement_id
) AS prize ON prize.achievement_id = achievement.id
WHERE coalesce(prize.entries, 0) <> cardinality(achievement.entry_ids)
    OR (achievement.kind = 'mission' AND cardinality(achievement.entry_ids) > 0);

-- revoked_achievement_took_its_entries_back: The points of a challenge that was taken back are reversed whole.
SELECT
    'achievement', prize.achievement_id, prize.owner_id, concat(sum(prize.points), ' taken back'),
    concat(sum(coalesce(reversal.points, 0)), ' taken back')
FROM prizes AS prize
CROSS JOIN LATERAL (
    SELECT sum(nominal) AS points FROM loyalty_ledgerentry WHERE reverses_id = prize.found_id
) AS reversal
WHERE prize.revoked_at IS NOT NULL
GROUP BY prize.achievement_id, prize.owner_id
HAVING sum(prize.points) <> sum(coalesce(reversal.points, 0));

-- revoked_achievement_names_its_refund: What was taken back names a refund of its environment.
SELECT
    'achievement', achievement.id, achievement.member_id, 'a refund',
    coalesce(concat('event ', achievement.revoked_by_id, ', ', refund.type), 'none')
FROM achievements AS achievement
LEFT JOIN LATERAL (
    SELECT type, environment_id FROM loyalty_event WHERE id = achievement.revoked_by_id OFFSET 0
) AS refund ON true
WHERE (achievement.revoked_at IS NULL) <> (achievement.revoked_by_id IS NULL)
    OR (achievement.revoked_at IS NOT NULL AND (refund.type, refund.environment_id) IS DISTINCT FROM ('refund', achievement.environment_id));

-- copied_achievement_is_its_original: What a merge copied is the same as what was achieved, by somebody who was merged into its member.
SELECT
    'achievement', copied.id, copied.member_id, concat('that of ', copied.copy_of),
    CASE WHEN original.id IS NULL THEN 'none' ELSE concat(original.kind, ' of ', original.member_id, ', period ', original.period) END
FROM achievements AS copied
LEFT JOIN LATERAL (SELECT * FROM loyalty_achievement WHERE id = copied.copy_of OFFSET 0) AS original ON true
LEFT JOIN LATERAL (
    SELECT redirect_to_id, status FROM loyalty_member WHERE id = original.member_id OFFSET 0
) AS achiever ON true
WHERE copied.copy_of IS NOT NULL AND (
    (original.kind, original.challenge_id, original.mission_id, original.period, original.entry_ids)
        IS DISTINCT FROM (copied.kind, copied.challenge_id, copied.mission_id, copied.period, copied.entry_ids)
    OR NOT coalesce(
        achiever.redirect_to_id IN (copied.member_id, copied.redirect_to_id)
        -- That the two were one person is forgotten with them.
        OR (copied.is_erased AND achiever.status = 'erased'),
        false
    )
);

-- joined_achievement_falls_with_it: What a completion joined in a merge is another completion of the same challenge and period; once the one is taken back, the points of both are.
SELECT
    'achievement', achievement.id, achievement.member_id,
    concat('completion ', joined.id, CASE WHEN achievement.revoked_at IS NOT NULL THEN ', taken back' END),
    concat(coalesce(original.kind, 'none'), ', period ', original.period, ', ', prize.taken, ' of ', prize.given, ' points taken back')
FROM achievements AS achievement
CROSS JOIN LATERAL unnest(achievement.absorbed) AS joined (id)
LEFT JOIN LATERAL (SELECT * FROM loyalty_achievement WHERE id = joined.id OFFSET 0) AS original ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(entry.points), 0) AS given, coalesce(sum(reversal.points), 0) AS taken
    FROM unnest(original.entry_ids) AS name (id)
    CROSS JOIN LATERAL (SELECT points FROM loyalty_ledgerentry WHERE id = name.id OFFSET 0) AS entry
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(nominal), 0) AS points FROM loyalty_ledgerentry WHERE reverses_id = name.id
    ) AS reversal
) AS prize
WHERE (original.kind, original.challenge_id, original.period)
        IS DISTINCT FROM ('challenge', achievement.challenge_id, achievement.period)
    OR achievement.id = joined.id
    OR (achievement.revoked_at IS NOT NULL AND prize.taken <> prize.given);

-- item_names_its_own_achievement: An item that names an achievement was received by its member when they completed a challenge, or lost when that was taken back, never more than was received.
SELECT
    'itemchange', gift.id, gift.member_id, 'received, or taken back with it',
    concat(
        gift.quantity, ' by ', coalesce(achievement.kind, 'none'), CASE WHEN achievement.copy_of IS NOT NULL THEN ', copied' END,
        CASE WHEN achievement.revoked_at IS NOT NULL THEN ', taken back' END, ', together ', gift.together
    )
FROM (
    SELECT *, sum(quantity) OVER (PARTITION BY member_id, achievement_id, item_id) AS together FROM gifts
) AS gift
LEFT JOIN achievements AS achievement ON achievement.id = gift.achievement_id AND achievement.member_id = gift.member_id
WHERE achievement.kind IS DISTINCT FROM 'challenge'
    OR (gift.quantity > 0 AND achievement.copy_of IS NOT NULL)
    OR (gift.quantity < 0 AND achievement.revoked_at IS NULL)
    OR (gift.together < 0 AND achievement.copy_of IS NULL AND achievement.absorbed = '{}');

-- unaccounted_item_is_sum_of_changes: How often somebody without any account has an item is the sum of what they received and lost.
SELECT
    CASE WHEN stored.id IS NULL THEN 'member' ELSE 'memberitem' END,
    coalesce(stored.id, changed.member_id),
    coalesce(stored.member_id, changed.member_id),
    concat(coalesce(changed.quantity, 0), ' of item ', coalesce(stored.item_id, changed.item_id)),
    coalesce(stored.quantity, 0)::text
FROM (
    SELECT item.*
    FROM members AS member
    CROSS JOIN LATERAL (SELECT * FROM loyalty_memberitem WHERE member_id = member.id OFFSET 0) AS item
) AS stored
FULL JOIN (
    SELECT member.id AS member_id, change.item_id, sum(change.quantity) AS quantity
    FROM members AS member
    CROSS JOIN LATERAL (
        SELECT item_id, quantity FROM loyalty_itemchange WHERE member_id = member.id OFFSET 0
    ) AS change
    WHERE NOT member.is_erased
    GROUP BY member.id, change.item_id
) AS changed ON changed.member_id = stored.member_id AND changed.item_id = stored.item_id
WHERE coalesce(stored.quantity, 0) <> coalesce(changed.quantity, 0)
    AND NOT EXISTS (SELECT FROM loyalty_account WHERE member_id = coalesce(stored.member_id, changed.member_id));

-- milestone_change_fits_its_entry: A crossing of milestones names another milestone than the one before it, and the entry of its member and metric that went up or down with it.
SELECT
    'milestonechange', change.id, change.member_id,
    concat('an entry of metric ', change.metric_id, CASE WHEN change.rises THEN ', up' ELSE ', down' END),
    CASE
        WHEN change.points IS NULL THEN 'no entry of the member'
        ELSE concat(
            change.points, ' of metric ', change.entry_metric_id, ', from ', coalesce(change.from_id, 'none'), ' to ',
            coalesce(change.to_id, 'none')
        )
    END
FROM (
    SELECT
        change.*, entry.points, entry.origin,
        (SELECT metric_id FROM programs_milestoneset WHERE id = change.milestone_set_id) AS metric_id,
        (SELECT metric_id FROM loyalty_account WHERE id = entry.account_id) AS entry_metric_id
    FROM crossings AS change
    LEFT JOIN LATERAL (
        SELECT points, account_id, origin FROM loyalty_ledgerentry
        WHERE id = change.entry_id AND member_id = change.member_id OFFSET 0
    ) AS entry ON true
) AS change
WHERE points IS NULL OR metric_id IS DISTINCT FROM entry_metric_id OR from_id IS NOT DISTINCT FROM to_id
    OR rises <> (points > 0) OR origin IS NOT DISTINCT FROM 'opening' OR starts_with(origin, 'opening_balance:');

-- erased_member_is_told_nothing: Of an erased member no notification has words, and no coupon a code.
SELECT kind, row.id, member.id, 'blank', row.words
FROM (
    SELECT 'achievement' AS kind, id, member_id, 'words' AS words FROM achievements WHERE num_nonnulls(title, message) > 0
    UNION ALL SELECT 'itemchange', id, member_id, 'a code' FROM gifts WHERE code IS NOT NULL
) AS row
JOIN members AS member ON member.id = row.member_id
WHERE member.is_erased;

-- challenge_row_is_in_members_environment: How far a member is, what they achieved and which milestones they crossed stands in their environment.
SELECT kind, row.id, member.id, member.environment_id::text, row.environment_id::text
FROM (
    SELECT 'missionprogress' AS kind, id, member_id, environment_id FROM progress
    UNION ALL SELECT 'achievement', id, member_id, environment_id FROM achievements
    UNION ALL SELECT 'milestonechange', id, member_id, environment_id FROM crossings
) AS row
JOIN members AS member ON member.id = row.member_id
WHERE row.environment_id IS DISTINCT FROM member.environment_id;

-- progress_is_what_counted: What counts towards a member's level on a day is what the ledger (of points) or the events (of money and events) say, those of members merged into them too, net of reversals and refunds; a merged or erased member has none.
WITH ladders AS MATERIALIZED (
    SELECT ladder.*, project.time_zone
    FROM programs_tierladder AS ladder
    JOIN programs_environment AS environment ON environment.id = ladder.environment_id
    JOIN programs_project AS project ON project.id = environment.project_id
    WHERE ladder.is_active
        AND ladder.environment_id IN (SELECT environment_id FROM accounts)
        AND EXISTS (SELECT FROM programs_tier WHERE ladder_id = ladder.id)
), families AS MATERIALIZED (
    SELECT account_id, member_id, member_environment_id FROM owners WHERE NOT is_gone
    UNION ALL
    SELECT owner.account_id, merged.id, owner.member_environment_id
    FROM owners AS owner
    CROSS JOIN LATERAL (
        SELECT id FROM loyalty_member WHERE redirect_to_id = owner.member_id AND status <> 'erased' OFFSET 0
    ) AS merged
), figures_by_day AS (
    SELECT
        family.account_id, ladder.id AS ladder_id,
        (coalesce(original.occurred_at, entry.occurred_at) AT TIME ZONE ladder.time_zone)::date AS day,
        CASE WHEN entry.type = 'reversed' THEN -entry.nominal ELSE entry.points END::numeric AS figure
    FROM families AS family
    JOIN ladders AS ladder ON ladder.environment_id = family.member_environment_id AND ladder.basis = 'points'
    CROSS JOIN LATERAL (
        SELECT id FROM loyalty_account WHERE member_id = family.member_id AND metric_id = ladder.metric_id OFFSET 0
    ) AS wallet
    CROSS JOIN LATERAL (
        SELECT type, points, nominal, occurred_at, reverses_id FROM loyalty_ledgerentry
        WHERE account_id = wallet.id AND type IN ('earned', 'bonus', 'reversed')
        OFFSET 0
    ) AS entry
    LEFT JOIN LATERAL (
        SELECT type, occurred_at FROM loyalty_ledgerentry WHERE id = entry.reverses_id OFFSET 0
    ) AS original ON true
    WHERE entry.type <> 'reversed' OR original.type IN ('earned', 'bonus')
    UNION ALL
    SELECT
        family.account_id, ladder.id, (event.occurred_at AT TIME ZONE ladder.time_zone)::date,
        CASE
            WHEN ladder.basis = 'spend' THEN coalesce(event.amount, 0) - coalesce(refund.amount, 0)
            WHEN refund.is_whole THEN 0
            ELSE 1
        END
    FROM families AS family
    JOIN ladders AS ladder ON ladder.environment_id = family.member_environment_id AND ladder.basis <> 'points'
    CROSS JOIN LATERAL (
        SELECT id, occurred_at, amount, currency, program_id FROM loyalty_event
        WHERE member_id = family.member_id AND type = ladder.event_type
        OFFSET 0
    ) AS event
    CROSS JOIN LATERAL (
        SELECT sum(amount) AS amount, bool_or(figures @> '{"whole": true}') AS is_whole
        FROM loyalty_event WHERE purchase_id = event.id
    ) AS refund
    WHERE coalesce(event.program_id, ladder.program_id) = ladder.program_id
        AND (ladder.basis = 'events' OR event.amount >= 0 AND ladder.currency IN ('', coalesce(event.currency, '')))
), counted AS (
    SELECT account_id, ladder_id, day, sum(figure) AS figure FROM figures_by_day GROUP BY account_id, ladder_id, day
), stored AS (
    SELECT owner.account_id, progress.*
    FROM owners AS owner
    CROSS JOIN LATERAL (SELECT * FROM loyalty_tierprogress WHERE member_id = owner.member_id OFFSET 0) AS progress
    WHERE progress.ladder_id IN (SELECT id FROM ladders)
)
SELECT
    CASE WHEN stored.id IS NULL THEN 'account' ELSE 'tierprogress' END,
    coalesce(stored.id, counted.account_id),
    coalesce(stored.account_id, counted.account_id),
    concat(
        trim_scale(coalesce(counted.figure, 0)), ' on ', coalesce(stored.day, counted.day), ', ladder ',
        coalesce(stored.ladder_id, counted.ladder_id)
    ),
    trim_scale(coalesce(stored.figure, 0))::text
FROM stored
FULL JOIN counted
    ON counted.account_id = stored.account_id AND counted.ladder_id = stored.ladder_id AND counted.day = stored.day
WHERE coalesce(stored.figure, 0) <> coalesce(counted.figure, 0);

-- level_is_newest_change: A member's level is what the newest of its changes made it, theirs or of somebody merged into them; without one there is none.
WITH levels AS (
    SELECT owner.account_id, owner.member_id, level.id, level.ladder_id, tier.code
    FROM owners AS owner
    CROSS JOIN LATERAL (SELECT * FROM loyalty_membertier WHERE member_id = owner.member_id OFFSET 0) AS level
    LEFT JOIN programs_tier AS tier ON tier.id = level.tier_id
    WHERE NOT owner.is_gone
), newest AS (
    SELECT DISTINCT ON (account_id, ladder_id) account_id, member_id, ladder_id, to_code
    FROM (
        SELECT owner.account_id, owner.member_id, change.ladder_id, change.to_code, change.occurred_at, change.id
        FROM owners AS owner
        CROSS JOIN LATERAL (
            SELECT * FROM loyalty_tierchange WHERE member_id = owner.member_id OFFSET 0
        ) AS change
        WHERE NOT owner.is_gone
    ) AS change
    ORDER BY account_id, ladder_id, occurred_at DESC, id DESC
)
SELECT
    CASE WHEN level.id IS NULL THEN 'account' ELSE 'membertier' END,
    coalesce(level.id, newest.account_id),
    coalesce(level.account_id, newest.account_id),
    coalesce(newest.to_code, 'no level'),
    coalesce(level.code, 'no level')
FROM levels AS level
FULL JOIN newest ON newest.account_id = level.account_id AND newest.ladder_id = level.ladder_id
WHERE level.code IS DISTINCT FROM newest.to_code
    AND NOT EXISTS (
        -- A ladder that rests while two are merged: the level goes along without a change.
        SELECT FROM loyalty_tierchange AS change
        JOIN loyalty_member AS merged ON merged.id = change.member_id
        WHERE merged.redirect_to_id = coalesce(level.member_id, newest.member_id)
            AND change.ladder_id = coalesce(level.ladder_id, newest.ladder_id)
            AND change.to_code IS NOT DISTINCT FROM level.code
    );

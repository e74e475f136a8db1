-- Members on ladders: the stored row, what counts now, and, where an evaluation has come due, each day since
-- the first that it can need. By keys and the index (member, ladder, day), whatever lies behind.

-- section: read
SELECT
    member.id, ladder.id, tier.id, tier.tier_id, tier.since, tier.next_evaluation_at, tier.in_grace,
    coalesce(progress.figure, 0), progress.days, progress.figures
FROM unnest(%(members)s::uuid[]) AS member (id)
CROSS JOIN unnest(%(ladders)s::uuid[], %(firsts)s::date[], %(spans)s::integer[]) AS ladder (id, first_day, span)
LEFT JOIN loyalty_membertier AS tier ON tier.member_id = member.id AND tier.ladder_id = ladder.id
LEFT JOIN LATERAL (
    SELECT
        sum(figure) FILTER (WHERE day >= ladder.first_day) AS figure,
        array_agg(day) FILTER (WHERE tier.next_evaluation_at <= %(now)s AND ladder.span IS NOT NULL) AS days,
        array_agg(figure) FILTER (WHERE tier.next_evaluation_at <= %(now)s AND ladder.span IS NOT NULL) AS figures
    FROM loyalty_tierprogress
    WHERE member_id = member.id AND ladder_id = ladder.id AND day >= CASE
        WHEN tier.next_evaluation_at <= %(now)s
        THEN least(ladder.first_day, (tier.next_evaluation_at AT TIME ZONE 'UTC')::date - ladder.span)
        ELSE ladder.first_day
    END
) AS progress ON true

-- section: recount
-- What each member's progress on each day should be, from the ledger and the events of theirs and of those who
-- were merged into them, less what is stored; days on which it is right are left out.
WITH ladders AS MATERIALIZED (
    SELECT * FROM programs_tierladder WHERE id = ANY (%(ladders)s)
), families AS MATERIALIZED (
    SELECT id AS owner_id, id AS member_id FROM unnest(%(members)s::uuid[]) AS owner (id)
    UNION ALL
    SELECT owner.id, merged.id
    FROM unnest(%(members)s::uuid[]) AS owner (id)
    JOIN loyalty_member AS merged ON merged.redirect_to_id = owner.id AND merged.status <> 'erased'
), figures AS (
    SELECT
        family.owner_id, ladder.id AS ladder_id,
        (coalesce(original.occurred_at, entry.occurred_at) AT TIME ZONE %(zone)s)::date AS day,
        CASE WHEN entry.type = 'reversed' THEN -entry.nominal ELSE entry.points END::numeric AS figure
    FROM families AS family
    JOIN ladders AS ladder ON ladder.basis = 'points'
    JOIN loyalty_account AS account
        ON account.member_id = family.member_id AND account.metric_id = ladder.metric_id
    JOIN loyalty_ledgerentry AS entry
        ON entry.account_id = account.id AND entry.type IN ('earned', 'bonus', 'reversed')
    LEFT JOIN loyalty_ledgerentry AS original ON original.id = entry.reverses_id
    WHERE entry.type <> 'reversed' OR original.type IN ('earned', 'bonus')
    UNION ALL
    SELECT
        family.owner_id, ladder.id, (event.occurred_at AT TIME ZONE %(zone)s)::date,
        CASE
            WHEN ladder.basis = 'spend' THEN event.amount - coalesce(refund.amount, 0)
            WHEN refund.is_whole THEN 0
            ELSE 1
        END
    FROM families AS family
    JOIN ladders AS ladder ON ladder.basis <> 'points'
    JOIN loyalty_event AS event
        ON event.member_id = family.member_id AND event.type = ladder.event_type
        AND coalesce(event.program_id, ladder.program_id) = ladder.program_id
    CROSS JOIN LATERAL (
        SELECT sum(amount) AS amount, bool_or(figures @> '{"whole": true}') AS is_whole
        FROM loyalty_event WHERE purchase_id = event.id
    ) AS refund
    WHERE ladder.basis = 'events'
        OR event.amount >= 0 AND ladder.currency IN ('', coalesce(event.currency, ''))
    UNION ALL
    SELECT member_id, ladder_id, day, -figure FROM loyalty_tierprogress
    WHERE member_id = ANY (%(members)s) AND ladder_id = ANY (%(ladders)s)
)
SELECT owner_id, ladder_id, day, sum(figure) FROM figures
GROUP BY owner_id, ladder_id, day HAVING sum(figure) <> 0

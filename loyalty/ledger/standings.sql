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

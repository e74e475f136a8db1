-- usage_is_sum_of_events: What a member has used of a rule's caps in a period is what their events say, those of members merged into them too, net of refunds; a merged or erased member has used nothing.
WITH families AS MATERIALIZED (
    SELECT account_id, member_id FROM owners WHERE NOT is_gone
    UNION ALL
    SELECT owner.account_id, merged.id
    FROM owners AS owner
    CROSS JOIN LATERAL (
        SELECT id FROM loyalty_member WHERE redirect_to_id = owner.member_id AND status <> 'erased' OFFSET 0
    ) AS merged
), purchases AS MATERIALIZED (
    -- Of a referral: the event stands at who was referred.
    SELECT family.account_id, referral.event_id
    FROM families AS family
    CROSS JOIN LATERAL (
        SELECT event_id FROM loyalty_referral
        WHERE referrer_id = family.member_id AND event_id IS NOT NULL OFFSET 0
    ) AS referral
), events AS MATERIALIZED (
    SELECT family.account_id, event.*
    FROM families AS family
    CROSS JOIN LATERAL (
        SELECT id, member_id, figures -> 'usage' AS usage FROM loyalty_event
        WHERE member_id = family.member_id AND figures IS NOT NULL OFFSET 0
    ) AS event
    UNION
    SELECT purchase.account_id, event.*
    FROM purchases AS purchase
    CROSS JOIN LATERAL (
        (SELECT id, member_id, figures -> 'usage' FROM loyalty_event WHERE id = purchase.event_id OFFSET 0)
        UNION ALL
        (SELECT id, member_id, figures -> 'usage' FROM loyalty_event WHERE purchase_id = purchase.event_id OFFSET 0)
    ) AS event
), used AS (
    SELECT
        event.account_id, (item ->> 'rule')::uuid AS rule_id, period,
        sum((item ->> 'points')::numeric) AS points, sum((item ->> 'times')::numeric) AS times
    FROM events AS event
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(event.usage) WHEN 'array' THEN event.usage END
    ) AS item
    CROSS JOIN LATERAL jsonb_array_elements_text(item -> 'periods') AS period
    JOIN families AS family
        ON family.account_id = event.account_id
        AND family.member_id = coalesce((item ->> 'member')::uuid, event.member_id)
    GROUP BY event.account_id, rule_id, period
), stored AS (
    SELECT owner.account_id, usage.*
    FROM owners AS owner
    CROSS JOIN LATERAL (SELECT * FROM loyalty_ruleusage WHERE member_id = owner.member_id OFFSET 0) AS usage
)
SELECT
    CASE WHEN stored.id IS NULL THEN 'account' ELSE 'ruleusage' END,
    coalesce(stored.id, used.account_id),
    coalesce(stored.account_id, used.account_id),
    concat(
        coalesce(used.points, 0), ' points, ', coalesce(used.times, 0), ' times of rule ',
        coalesce(stored.rule_id, used.rule_id), ' in ', coalesce(stored.period, used.period)
    ),
    concat(coalesce(stored.points, 0), ' points, ', coalesce(stored.times, 0), ' times')
FROM stored
FULL JOIN used
    ON used.account_id = stored.account_id AND used.rule_id = stored.rule_id AND used.period = stored.period
WHERE (coalesce(stored.points, 0), coalesce(stored.times, 0))
    IS DISTINCT FROM (coalesce(used.points, 0), coalesce(used.times, 0));

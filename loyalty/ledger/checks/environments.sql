-- budget_is_sum_of_events: What is spent of a rule's budget is what all events took from it, net of refunds; an erasure returns nothing.
SELECT 'rulebudget', coalesce(budget.id, used.rule_id), used.points::text, budget.spent::text
FROM (
    SELECT (item ->> 'rule')::uuid AS rule_id, sum((item ->> 'points')::numeric) AS points
    FROM loyalty_event AS event
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(figures -> 'usage') WHEN 'array' THEN figures -> 'usage' END
    ) AS item
    WHERE event.environment_id = %(environment)s AND figures IS NOT NULL AND item @> '{"budget": true}'
    GROUP BY 1
) AS used
FULL JOIN (
    SELECT id, rule_id, spent FROM loyalty_rulebudget WHERE environment_id = %(environment)s
) AS budget ON budget.rule_id = used.rule_id
WHERE coalesce(budget.spent, 0) <> coalesce(used.points, 0);

-- stock_is_what_was_taken: What is taken of a reward's stock is one for each redemption that took of it and waits or is fulfilled, and never more than there is.
SELECT
    'rewardstock', coalesce(stock.id, reward.id), concat(had.taken, CASE WHEN stock.stock < had.taken THEN concat(', at most ', stock.stock) END),
    coalesce(stock.taken, 0)::text
FROM programs_reward AS reward
LEFT JOIN loyalty_rewardstock AS stock ON stock.reward_id = reward.id
CROSS JOIN LATERAL (
    SELECT count(*) AS taken FROM loyalty_redemption
    WHERE reward_id = reward.id AND takes_stock AND status IN ('pending', 'fulfilled')
) AS had
WHERE reward.environment_id = %(environment)s
    AND (coalesce(stock.taken, 0) <> had.taken OR stock.taken > stock.stock);

-- issued_code_has_its_redemption: Every code that was issued is that of a redemption.
SELECT 'rewardcode', code.id, 'a redemption', coalesce(concat('no redemption ', code.redemption_id), 'none')
FROM programs_reward AS reward
CROSS JOIN LATERAL (
    SELECT id, redemption_id FROM loyalty_rewardcode WHERE reward_id = reward.id AND issued_at IS NOT NULL OFFSET 0
) AS code
LEFT JOIN LATERAL (SELECT id FROM loyalty_redemption WHERE id = code.redemption_id OFFSET 0) AS redemption ON true
WHERE reward.environment_id = %(environment)s AND redemption.id IS NULL;

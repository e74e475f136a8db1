-- total_is_sum_of_entries: An account's total is the sum of its entries.
SELECT 'account', id, id, sum_of_entries::text, total::text
FROM figures
WHERE total <> sum_of_entries;

-- sequence_is_last: An account's sequence is that of its last entry.
SELECT 'account', id, id, last_sequence::text, sequence::text
FROM figures
WHERE sequence <> last_sequence;

-- pending_is_sum_of_lots: What is pending is what remains in the lots that have not vested.
SELECT 'account', id, id, lots_pending::text, pending::text
FROM figures
WHERE pending <> lots_pending;

-- held_is_sum_of_lots: What is held is what the lots hold.
SELECT 'account', id, id, lots_held::text, held::text
FROM figures
WHERE held <> lots_held;

-- held_is_sum_of_holds: What is held is the sum of the open holds.
SELECT 'account', id, id, open_holds::text, held::text
FROM figures
WHERE held <> open_holds;

-- lots_are_total_and_debt: What all lots have remaining and held is the total plus the debt.
SELECT 'account', id, id, (total + debt)::text, (lots_remaining + lots_held)::text
FROM figures
WHERE lots_remaining + lots_held <> total + debt;

-- debt_is_below_zero: The open debts are what the balance is below zero, and none where it is not.
SELECT 'account', id, id, greatest(0, -balance)::text, debt::text
FROM figures
WHERE debt <> greatest(0, -balance);

-- lifetime_follows_entries: Each lifetime figure is the sum of its entries, net of their reversals.
SELECT 'account', account.id, account.id, concat(figure.name, ' ', figure.expected), concat(figure.name, ' ', figure.found)
FROM figures AS account
CROSS JOIN LATERAL (
    VALUES
        ('earned', sum_of_earned, earned),
        ('redeemed', sum_of_redeemed, redeemed),
        ('expired', sum_of_expired, expired),
        ('adjusted', sum_of_adjusted, adjusted),
        ('transferred', sum_of_transferred, transferred)
) AS figure (name, expected, found)
WHERE figure.expected <> figure.found;

-- lifetime_adds_up: Earned − redeemed − expired + adjusted + transferred is the total.
SELECT 'account', id, id, total::text, (earned::numeric - redeemed - expired + adjusted + transferred)::text
FROM figures
WHERE earned::numeric - redeemed - expired + adjusted + transferred <> total;

-- account_not_negative: Nothing is pending, held or counted below zero.
SELECT 'account', id, id, '0 or more', concat('pending ', pending, ', held ', held, ', sequence ', sequence)
FROM figures
WHERE pending < 0 OR held < 0 OR sequence < 0;

-- due_is_not_late: next_due_at is not later than the first instant at which a lot vests or ends or a hold lapses.
SELECT 'account', id, id, concat('by ', due_at), next_due_at::text
FROM figures
WHERE due_at IS NOT NULL AND (next_due_at IS NULL OR next_due_at > due_at);

-- gone_members_are_empty: A merged or erased member has no points, no open hold, no debt and no open shortfall.
SELECT
    'account', id, id, '0',
    concat('remaining ', lots_remaining, ', held ', lots_held, ', on hold ', open_holds, ', debt ', debt, ', shortfall ', shortfall)
FROM figures
WHERE is_gone AND (lots_remaining <> 0 OR lots_held <> 0 OR open_holds <> 0 OR debt <> 0 OR shortfall <> 0);

-- redirects_are_one_step: A merged or erased member redirects to somebody who redirects to nobody.
SELECT 'account', id, id, 'no further redirect', concat('on to member ', redirects_further_to)
FROM accounts
WHERE redirects_further_to IS NOT NULL;

-- row_is_in_members_environment: Every row stands in its member's environment.
SELECT kind, row.id, account.id, account.member_environment_id::text, row.environment_id::text
FROM (
    SELECT 'account' AS kind, id, id AS account_id, environment_id FROM accounts
    UNION ALL SELECT 'ledgerentry', id, account_id, environment_id FROM entries
    UNION ALL SELECT 'lot', id, account_id, environment_id FROM lots
    UNION ALL SELECT 'lotuse', id, entry_account_id, environment_id FROM uses
    UNION ALL SELECT 'uncovered', id, entry_account_id, environment_id FROM uncovered
    UNION ALL SELECT 'hold', id, account_id, environment_id FROM holds
    UNION ALL SELECT 'holdlot', id, hold_account_id, environment_id FROM hold_lots
    UNION ALL SELECT 'redemption', id, account_id, environment_id FROM redemptions
    UNION ALL SELECT 'rewardcode', id, account_id, environment_id FROM codes
    UNION ALL SELECT 'memberitem', id, account_id, environment_id FROM member_items
    UNION ALL SELECT 'itemchange', id, account_id, environment_id FROM item_changes
) AS row
JOIN accounts AS account ON account.id = row.account_id
WHERE row.environment_id IS DISTINCT FROM account.member_environment_id;

-- row_is_its_owners: Every row names the member and the account of the row that it belongs to.
SELECT kind, row.id, account.id, concat('account ', account.id, ' of member ', account.member_id), concat('account ', row.own_account_id, ' of member ', row.member_id)
FROM (
    SELECT 'ledgerentry' AS kind, id, account_id, account_id AS own_account_id, member_id FROM entries
    UNION ALL SELECT 'lotuse', id, entry_account_id, account_id, member_id FROM uses
    UNION ALL SELECT 'uncovered', id, entry_account_id, account_id, member_id FROM uncovered
    UNION ALL SELECT 'holdlot', id, hold_account_id, account_id, member_id FROM hold_lots
) AS row
JOIN accounts AS account ON account.id = row.account_id
WHERE (row.own_account_id, row.member_id) IS DISTINCT FROM (account.id, account.member_id);

-- rows_meet_in_one_account: What is used, held or made of a lot happens in the lot's own account.
SELECT row.kind, row.id, row.account_id, concat('account ', row.account_id), coalesce(concat('account ', row.met), 'no account')
FROM (
    SELECT 'lotuse' AS kind, used.id, used.entry_account_id AS account_id, lot.account_id AS met
    FROM uses AS used
    LEFT JOIN lots AS lot ON lot.id = used.lot_id
    UNION ALL
    SELECT 'holdlot', piece.id, piece.hold_account_id, lot.account_id
    FROM hold_lots AS piece
    LEFT JOIN lots AS lot ON lot.id = piece.lot_id
    UNION ALL
    SELECT 'lot', lot.id, lot.account_id, entry.account_id
    FROM lots AS lot
    LEFT JOIN entries AS entry ON entry.id = lot.entry_id
) AS row
WHERE row.met IS DISTINCT FROM row.account_id;

-- account_is_in_its_metrics_environment: An account's metric is of the account's environment.
SELECT 'account', id, id, environment_id::text, metric_environment_id::text
FROM (
    SELECT *, (SELECT environment_id FROM programs_metric WHERE id = metric_id) AS metric_environment_id FROM accounts
) AS account
WHERE metric_environment_id IS DISTINCT FROM environment_id;

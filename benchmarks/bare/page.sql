-- A page of a member's history, first or deep.
SELECT entry.*, event.event_id
FROM loyalty_account AS account
JOIN loyalty_ledgerentry AS entry ON entry.account_id = account.id
LEFT JOIN loyalty_event AS event ON event.id = entry.event_id
WHERE account.member_id = %(member_id)s AND account.metric_id = %(metric_id)s AND entry.sequence < %(before)s
ORDER BY entry.sequence DESC
LIMIT 21

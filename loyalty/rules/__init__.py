"""Rules as pure functions: facts in, decisions out; no ORM and no clock (architecture.md, rule 4)."""

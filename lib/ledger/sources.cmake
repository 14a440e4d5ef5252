# ledger/ sources

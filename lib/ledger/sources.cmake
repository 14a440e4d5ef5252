target_sources(appealrouter PRIVATE ledger/bookkeeping.c)

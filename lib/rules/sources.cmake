target_sources(appealrouter PRIVATE rules/calendar.c rules/condition.c rules/conjunction.c rules/event_check.c
  rules/field.c rules/hidden.c rules/lint.c rules/lint_markets.c rules/lint_queues.c rules/lint_rules.c
  rules/lint_unserved.c rules/market.c rules/match.c rules/queue.c rules/rule.c rules/rule_index.c rules/rulebook.c
  rules/self_test.c rules/split.c rules/value_set.c rules/vocabulary.c)

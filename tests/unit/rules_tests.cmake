# tests of rules
aro_add_unit_test(calendar PkgConfig::ICU)
aro_add_unit_test(rulebook)
aro_add_unit_test(rule_match Threads::Threads)
aro_add_unit_test(lint)

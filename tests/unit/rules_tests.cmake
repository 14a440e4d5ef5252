# tests of rules
aro_add_unit_test(calendar PkgConfig::ICU)
aro_add_unit_test(rulebook)
aro_add_unit_test(rule_match)
aro_add_unit_test(lint)

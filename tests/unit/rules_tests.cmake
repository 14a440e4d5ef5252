# tests of rules
aro_add_unit_test(rule_match)

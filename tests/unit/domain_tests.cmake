# tests of domain
aro_add_unit_test(language)

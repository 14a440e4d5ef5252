# tests of domain
aro_add_unit_test(language)
aro_add_unit_test(event_reader)
target_sources(test_event_reader PRIVATE event_samples.c)

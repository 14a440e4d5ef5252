# tests of domain and codec
aro_add_unit_test(language)
aro_add_unit_test(json_reader)
aro_add_unit_test(event_reader)
target_sources(test_json_reader PRIVATE event_samples.c)
target_sources(test_event_reader PRIVATE event_samples.c)
aro_add_unit_test(text)

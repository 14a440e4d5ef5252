aro_add_unit_test(time)
aro_add_unit_test(siphash)
aro_add_unit_test(json_writer)
aro_add_unit_test(document)

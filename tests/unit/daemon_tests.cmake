# tests of daemon
aro_add_unit_test(config daemon_config)
aro_add_unit_test(control daemon_control)
aro_add_unit_test(log daemon_log)

# Those that meet more than one thread: the thread sanitizer runs them too.
set_tests_properties(unit.log PROPERTIES LABELS threads)

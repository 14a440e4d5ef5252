# tests of daemon
aro_add_unit_test(config daemon_config)
aro_add_unit_test(control daemon_control)
aro_add_unit_test(log daemon_log)
aro_add_unit_test(core_clock daemon_shard)
aro_add_unit_test(render cli_support)

# tests of daemon
aro_add_unit_test(config daemon_config)

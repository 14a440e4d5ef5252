# tests of daemon
aro_add_unit_test(config daemon_config)
aro_add_unit_test(control daemon_control)
aro_add_unit_test(log daemon_log)
aro_add_unit_test(core_clock daemon_shard)
aro_add_unit_test(render cli_support)

add_library(board_world STATIC board_world.c ../support/redis_server.c ../support/fake_redis.c)
target_include_directories(board_world PRIVATE ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR}/daemon)
target_link_libraries(board_world PRIVATE aro_build PUBLIC daemon_board PkgConfig::CMOCKA)
aro_add_unit_test(board board_world)
aro_add_unit_test(board_faults board_world)
aro_add_unit_test(board_answers board_world)
aro_add_unit_test(board_manual board_world)

# tests of routing
add_library(router_world STATIC router_world.c)
target_include_directories(router_world PRIVATE ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(router_world PRIVATE aro_build PUBLIC appealrouter PkgConfig::CMOCKA)
aro_add_unit_test(router router_world)
aro_add_unit_test(router_properties)
target_sources(test_router_properties PRIVATE ../model/router_model.c)
set_tests_properties(unit.router_properties PROPERTIES TIMEOUT 900)
aro_add_unit_test(golden_routing)

# tests of routing
add_library(router_world STATIC router_world.c)
target_include_directories(router_world PRIVATE ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(router_world PRIVATE aro_build PUBLIC appealrouter PkgConfig::CMOCKA)
aro_add_unit_test(router router_world)

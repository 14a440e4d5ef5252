#include "router_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rulebook[] =
    "rulebook: views\n"
    "seed: 7\n"
    "queues:\n"
    "  general: { choose: [best_language, lowest_load] }\n"
    "  inbox: { deliver: queue }\n"
    "rules:\n"
    "  - { name: inbox, when: { reason: bulk }, route: { queue: inbox } }\n"
    "  - { name: rest, route: { queue: general } }\n";

static void send_agent(struct world *world, const char *id, const char *members)
{
    char json[512];
    snprintf(
        json, sizeof json,
        "{\"type\":\"agent.updated\",\"agent_id\":\"%s\",\"capacity\":2,\"markets\":[\"BR\"],%s}",
        id, members);
    world_send(world, json);
}

static void send_appeal(struct world *world, const char *id, const char *members)
{
    char json[512];
    snprintf(json, sizeof json,
             "{\"type\":\"appeal.submitted\",\"appeal_id\":\"%s\",\"market\":\"BR\","
             "\"languages\":[\"pt\"],\"submitted_at\":\"2026-11-22T09:00:00Z\",%s}",
             id, members);
    world_send(world, json);
}

static int setup(void **state)
{
    struct world *world = world_new(rulebook);
    send_agent(world, "ana", "\"languages\":[\"pt\"],\"team\":\"red\",\"skills\":{\"fraud\":3}");
    send_agent(world, "bia", "\"languages\":[{\"tag\":\"pt\",\"level\":3}]");
    send_agent(world, "caio", "\"languages\":[\"es\"],\"queues\":[\"general\"]");
    send_agent(world, "duda", "\"languages\":[\"pt\"],\"queues\":[\"inbox\"]");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void expect_json(json_t *json, const char *text)
{
    char *found = json_dumps(json, JSON_COMPACT);
    assert_non_null(found);
    assert_string_equal(found, text);
    free(found);
}

static void test_explaining_names_for_each_agent_of_the_queue_what_keeps_it_from_them(void **state)
{
    struct world *world = *state;
    send_appeal(world, "a-1", "\"reason\":\"x\",\"exclude\":[\"ana\",\"bia\"]");
    json_t *answer = aro_router_explain(world->router, world->now, "a-1");
    assert_string_equal(json_string_value(json_object_get(answer, "state")), "waiting");
    assert_string_equal(json_string_value(json_object_get(answer, "rule")), "rest");
    expect_json(json_object_get(answer, "agents"),
                "[{\"agent_id\":\"ana\",\"filter\":\"independence\"},"
                "{\"agent_id\":\"bia\",\"filter\":\"independence\"},"
                "{\"agent_id\":\"caio\",\"filter\":\"language\"}]");
    json_decref(answer);
}

static void test_explaining_names_who_holds_it_and_by_what_others_lost(void **state)
{
    struct world *world = *state;
    send_agent(world, "eva", "\"languages\":[\"pt\"]");
    send_appeal(world, "a-1", "\"reason\":\"x\",\"exclude\":[\"eva\"]");
    world_expect(world, "created a-1 ana 1");
    json_t *answer = aro_router_explain(world->router, world->now, "a-1");
    expect_json(json_object_get(answer, "agents"),
                "[{\"agent_id\":\"ana\",\"holds_it\":true},"
                "{\"agent_id\":\"bia\",\"loses_by\":\"best_language\"},"
                "{\"agent_id\":\"caio\",\"filter\":\"language\"},"
                "{\"agent_id\":\"eva\",\"filter\":\"independence\"}]");
    json_decref(answer);
}

static void test_a_closed_appeal_is_explained_and_an_unknown_one_is_not(void **state)
{
    struct world *world = *state;
    send_appeal(world, "a-1", "\"reason\":\"bulk\"");
    world_send(world,
               "{\"type\":\"appeal.decided\",\"appeal_id\":\"a-1\",\"outcome\":\"partial\"}");
    json_t *answer = aro_router_explain(world->router, world->now, "a-1");
    expect_json(answer, "{\"appeal_id\":\"a-1\",\"state\":\"closed\",\"reason\":\"decided\","
                        "\"outcome\":\"partial\",\"epoch\":1,"
                        "\"closed_at\":\"2026-11-22T10:00:00.000Z\"}");
    json_decref(answer);
    assert_null(aro_router_explain(world->router, world->now, "a-2"));
}

static void test_an_agent_is_described_with_what_they_hold(void **state)
{
    struct world *world = *state;
    send_appeal(world, "a-1", "\"reason\":\"x\",\"effort\":2");
    json_t *answer = aro_router_describe_agent(world->router, "ana");
    assert_int_equal(json_integer_value(json_object_get(answer, "used")), 2);
    assert_string_equal(json_string_value(json_object_get(answer, "team")), "red");
    expect_json(json_object_get(answer, "appeals"),
                "[{\"appeal_id\":\"a-1\",\"state\":\"assigned\",\"queue\":\"general\","
                "\"epoch\":1,\"effort\":2}]");
    json_decref(answer);
    assert_null(aro_router_describe_agent(world->router, "nobody"));
}

static void append_agent(const struct aro_agent_view *agent, void *context)
{
    buffer_add_format(context, "%s %u/%u ", agent->id, agent->used, agent->capacity);
}

static void append_queue(const struct aro_queue_view *queue, void *context)
{
    buffer_add_format(context, "%s %d+%d+%d ", queue->name, (int)queue->waiting, (int)queue->held,
                      (int)queue->assigned);
}

static void test_all_agents_and_queues_are_visited_in_the_order_of_their_names(void **state)
{
    struct world *world = *state;
    struct buffer seen = { 0 };
    send_appeal(world, "a-1", "\"reason\":\"x\"");
    send_appeal(world, "a-2", "\"reason\":\"x\",\"effort\":9");
    send_appeal(world, "a-3", "\"reason\":\"bulk\"");
    aro_router_each_agent(world->router, append_agent, &seen);
    aro_router_each_queue(world->router, append_queue, &seen);
    assert_string_equal(seen.data, "ana 1/2 bia 0/2 caio 0/2 duda 0/2 general 1+0+1 inbox 0+0+1 ");
    buffer_done(&seen);
}

static void test_a_batch_names_each_agent_and_queue_that_changed_once(void **state)
{
    struct world *world = *state;
    world_seal(world);
    send_appeal(world, "a-1", "\"reason\":\"x\"");
    send_appeal(world, "a-2", "\"reason\":\"x\"");
    assert_int_equal(aro_effects_changed_agent_count(world->effects), 1);
    assert_string_equal(aro_effects_changed_agent_at(world->effects, 0), "ana");
    assert_int_equal(aro_effects_changed_queue_count(world->effects), 1);
    assert_string_equal(aro_effects_changed_queue_at(world->effects, 0), "general");
}

static void test_a_load_is_recorded_once_a_batch_with_the_source_that_first_changed_it(void **state)
{
    struct world *world = *state;
    size_t count = 0;
    world_seal(world);
    send_appeal(world, "a-1", "\"reason\":\"x\"");
    send_appeal(world, "a-2", "\"reason\":\"x\"");
    assert_null(world_find_ledger(world, "agent:ana"));
    aro_router_seal(world->router, world->effects);
    for (size_t i = 0; i < aro_effects_record_count(world->effects); i++)
        count += strcmp(aro_effects_record_at(world->effects, i)->key, "agent:ana") == 0;
    assert_int_equal(count, 1);
    assert_string_equal(world_find_ledger(world, "agent:ana")->source, "in/0/4");
}

#define VIEWS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEWS_TEST(test_explaining_names_for_each_agent_of_the_queue_what_keeps_it_from_them),
        VIEWS_TEST(test_explaining_names_who_holds_it_and_by_what_others_lost),
        VIEWS_TEST(test_a_closed_appeal_is_explained_and_an_unknown_one_is_not),
        VIEWS_TEST(test_an_agent_is_described_with_what_they_hold),
        VIEWS_TEST(test_all_agents_and_queues_are_visited_in_the_order_of_their_names),
        VIEWS_TEST(test_a_batch_names_each_agent_and_queue_that_changed_once),
        VIEWS_TEST(test_a_load_is_recorded_once_a_batch_with_the_source_that_first_changed_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

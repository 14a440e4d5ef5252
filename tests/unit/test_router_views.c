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

static void send_agent_with(struct world *world, const char *id, int capacity, const char *members)
{
    char json[512];
    snprintf(
        json, sizeof json,
        "{\"type\":\"agent.updated\",\"agent_id\":\"%s\",\"capacity\":%d,\"markets\":[\"BR\"],%s}",
        id, capacity, members);
    world_send(world, json);
}

static void send_agent(struct world *world, const char *id, const char *members)
{
    send_agent_with(world, id, 2, members);
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
    json_t *answer = world_explain(world, "a-1");
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
    json_t *answer = world_explain(world, "a-1");
    expect_json(json_object_get(answer, "agents"),
                "[{\"agent_id\":\"ana\",\"holds_it\":true},"
                "{\"agent_id\":\"bia\",\"loses_by\":\"best_language\"},"
                "{\"agent_id\":\"eva\",\"filter\":\"independence\"},"
                "{\"agent_id\":\"caio\",\"filter\":\"language\"}]");
    expect_json(json_object_get(answer, "by_filter"), "{\"language\":1,\"independence\":1}");
    assert_int_equal(json_integer_value(json_object_get(answer, "pool")), 4);
    assert_int_equal(json_integer_value(json_object_get(answer, "may_take_it")), 2);
    assert_null(json_object_get(answer, "agents_more"));
    json_decref(answer);
}

static void expect_members(struct world *world, const char *appeal_id, const char *expected)
{
    json_t *answer = world_explain(world, appeal_id);
    json_t *members = json_loads(expected, 0, NULL), *value;
    const char *name;

    assert_non_null(answer);
    assert_non_null(members);
    json_object_foreach(members, name, value)
    {
        json_t *found = json_object_get(answer, name);
        if (json_is_null(value) ? found != NULL : !json_equal(found, value))
            fail_msg("%s: %s", name, found ? json_dumps(found, JSON_ENCODE_ANY) : "absent");
    }
    json_decref(members);
    json_decref(answer);
}

static void test_explaining_tells_what_has_become_of_an_appeal_and_what_time_will_do(void **state)
{
    struct world *world =
        world_new("rulebook: course\n"
                  "queues:\n"
                  "  general: { order: slack, offer: { expires: 2m }, ladder: [{ for: 10m, level: "
                  "4 }, {}] }\n"
                  "rules: [{ name: rest, route: { queue: general, deadline: 48h } }]\n");

    (void)state;
    send_agent(world, "ana", "\"languages\":[\"pt\"]");
    send_appeal(world, "a-1", "\"reason\":\"fraud\"");
    expect_members(world, "a-1",
                   "{\"state\":\"offered\",\"offer_expires_at\":\"2026-11-22T10:02:00.000Z\","
                   "\"source\":\"in/0/1\",\"declined\":[],\"assigned_at\":null,"
                   "\"step_ends_at\":null,\"overdue\":null}");
    world_send(world,
               "{\"type\":\"assignment.declined\",\"appeal_id\":\"a-1\",\"agent_id\":\"ana\","
               "\"epoch\":1}");
    expect_members(world, "a-1",
                   "{\"state\":\"waiting\",\"declined\":[\"ana\"],\"offer_expires_at\":null,"
                   "\"step_ends_at\":\"2026-11-22T10:10:00.000Z\","
                   "\"asked_again_at\":\"2026-11-22T10:10:00.000Z\","
                   "\"latest_start\":\"2026-11-24T08:59:59.999Z\","
                   "\"agents\":[{\"agent_id\":\"ana\",\"filter\":\"declined\"}]}");
    world_pass(world, 600000);
    assert_false(world_tick(world));
    world_send(world,
               "{\"type\":\"assignment.accepted\",\"appeal_id\":\"a-1\",\"agent_id\":\"ana\","
               "\"epoch\":2}");
    world_send(world, "{\"type\":\"appeal.updated\",\"appeal_id\":\"a-1\",\"reason\":\"ip\"}");
    expect_members(world, "a-1",
                   "{\"state\":\"assigned\",\"assigned_at\":\"2026-11-22T10:10:00.000Z\","
                   "\"step\":2,\"declined\":[],\"agent_id\":\"ana\",\"on_hold\":null}");
    world_pass(world, 48 * 3600000);
    assert_false(world_tick(world));
    world_send(world, "{\"type\":\"appeal.updated\",\"appeal_id\":\"a-1\",\"on_hold\":true}");
    expect_members(world, "a-1", "{\"overdue\":true,\"on_hold\":true,\"assigned_at\":null}");
    world_free(world);
}

static void test_explaining_names_the_trace_that_an_appeal_came_with(void **state)
{
    send_appeal(*state, "a-1",
                "\"reason\":\"fraud\",\"traceparent\":"
                "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"");
    expect_members(*state, "a-1", "{\"trace\":\"0af7651916cd43dd8448eb211c80319c\"}");
    send_appeal(*state, "a-2", "\"reason\":\"fraud\",\"traceparent\":\"00-1\"");
    expect_members(*state, "a-2", "{\"trace\":null}");
}

static json_t *explain_page(struct world *world, unsigned limit, const char *after)
{
    const struct aro_explain_page page = { .limit = limit, .after = after };
    return aro_router_explain(world->router, world->now, "a-1", &page);
}

/* Who may take it, who has no room, who is away, who lacks the language: so many of each that each
 * ends in the middle of a page. */
static void test_page_by_page_each_agent_of_the_queue_is_named_once_the_nearest_first(void **state)
{
    struct world *world = *state;
    enum { AGENTS = 40, PAGE = 7 };
    char id[16], after[16] = "", members[64];
    bool is_seen[AGENTS] = { false };
    unsigned count = 0, place = 0, place_before = 0;
    int left_out = 1;

    static const char *const kinds[] = { NULL, "capacity", "status", "language" };
    for (int i = 0; i < AGENTS; i++) {
        snprintf(id, sizeof id, "agent-%02d", i);
        snprintf(members, sizeof members, "\"languages\":[\"%s\"],\"status\":\"%s\"",
                 i % 4 == 3 ? "es" : "pt", i % 4 == 2 ? "away" : "available");
        send_agent_with(world, id, i % 4 == 1 ? 0 : 2, members);
    }
    send_appeal(world, "a-1", "\"reason\":\"x\",\"exclude\":[\"ana\",\"bia\"]");
    while (left_out > 0) {
        json_t *answer = explain_page(world, PAGE, *after ? after : NULL), *agent;
        size_t index;
        assert_true(json_array_size(json_object_get(answer, "agents")) <= PAGE);
        json_array_foreach(json_object_get(answer, "agents"), index, agent)
        {
            const char *filter = json_string_value(json_object_get(agent, "filter"));
            int number;
            snprintf(after, sizeof after, "%s",
                     json_string_value(json_object_get(agent, "agent_id")));
            if (sscanf(after, "agent-%d", &number) != 1)
                continue; /* one of the others */
            assert_false(is_seen[number]);
            is_seen[number] = true;
            count++;
            place = (unsigned)number % 4;
            assert_true(place >= place_before);
            place_before = place;
            if (kinds[place])
                assert_string_equal(filter, kinds[place]);
            else
                assert_null(filter);
        }
        left_out = (int)json_integer_value(json_object_get(answer, "agents_more"));
        assert_int_equal(json_integer_value(json_object_get(answer, "pool")), AGENTS + 3);
        json_decref(answer);
    }
    assert_int_equal(count, AGENTS);
}

static void test_one_agent_alone_is_named_when_asked_for(void **state)
{
    struct world *world = *state;
    struct aro_explain_page page = { .limit = 1, .agent_id = "caio" };

    send_appeal(world, "a-1", "\"reason\":\"x\"");
    json_t *answer = aro_router_explain(world->router, world->now, "a-1", &page);
    expect_json(json_object_get(answer, "agents"),
                "[{\"agent_id\":\"caio\",\"filter\":\"language\"}]");
    assert_null(json_object_get(answer, "agents_more"));
    json_decref(answer);
    page.agent_id = "bia";
    answer = aro_router_explain(world->router, world->now, "a-1", &page);
    expect_json(json_object_get(answer, "agents"),
                "[{\"agent_id\":\"bia\",\"loses_by\":\"best_language\"}]");
    json_decref(answer);
    page.agent_id = "duda"; /* not of the queue */
    answer = aro_router_explain(world->router, world->now, "a-1", &page);
    expect_json(json_object_get(answer, "agents"),
                "[{\"agent_id\":\"duda\",\"filter\":\"queue\"}]");
    json_decref(answer);
    page.agent_id = "nobody";
    answer = aro_router_explain(world->router, world->now, "a-1", &page);
    expect_json(json_object_get(answer, "agents"), "[]");
    json_decref(answer);
}

static void test_behind_an_agent_who_is_not_of_the_queue_there_is_nobody(void **state)
{
    struct world *world = *state;
    send_appeal(world, "a-1", "\"reason\":\"x\"");
    json_t *answer = explain_page(world, 5, "duda");
    expect_json(json_object_get(answer, "agents"), "[]");
    assert_int_equal(json_integer_value(json_object_get(answer, "pool")), 3);
    json_decref(answer);
}

static void test_a_closed_appeal_is_explained_and_an_unknown_one_is_not(void **state)
{
    struct world *world = *state;
    send_appeal(world, "a-1", "\"reason\":\"bulk\"");
    world_send(world,
               "{\"type\":\"appeal.decided\",\"appeal_id\":\"a-1\",\"outcome\":\"partial\"}");
    json_t *answer = world_explain(world, "a-1");
    json_object_del(answer, "past");
    expect_json(answer, "{\"appeal_id\":\"a-1\",\"state\":\"closed\",\"reason\":\"decided\","
                        "\"outcome\":\"partial\",\"epoch\":1,"
                        "\"closed_at\":\"2026-11-22T10:00:00.000Z\"}");
    json_decref(answer);
    assert_null(world_explain(world, "a-2"));
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

static void
test_a_queue_that_is_gone_is_visited_for_as_long_as_somebody_holds_an_appeal_of_it(void **state)
{
    struct world *world = *state;
    struct buffer seen = { 0 };
    send_appeal(world, "a-1", "\"reason\":\"x\"");
    world_reload(world, "rulebook: without\n"
                        "queues: { inbox: { deliver: queue } }\n"
                        "rules: [ { name: rest, route: { queue: inbox } } ]\n");
    aro_router_each_queue(world->router, append_queue, &seen);
    assert_string_equal(seen.data, "general 0+0+1 inbox 0+0+0 ");
    buffer_clear(&seen);
    world_send(world, "{\"type\":\"appeal.decided\",\"appeal_id\":\"a-1\",\"outcome\":\"upheld\"}");
    aro_router_each_queue(world->router, append_queue, &seen);
    assert_string_equal(seen.data, "inbox 0+0+0 ");
    buffer_done(&seen);
}

static void test_explaining_tells_of_each_who_has_no_room_for_the_effort(void **state)
{
    struct world *world = *state;
    send_appeal(world, "a-1", "\"reason\":\"x\"");
    send_appeal(world, "a-2", "\"reason\":\"x\",\"effort\":2,\"exclude\":[\"bia\"]");
    json_t *answer = world_explain(world, "a-2"); /* ana has room for 1 */
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(answer, "agents"), 0), "filter")),
                        "capacity");
    json_decref(answer);
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
        VIEWS_TEST(test_page_by_page_each_agent_of_the_queue_is_named_once_the_nearest_first),
        VIEWS_TEST(test_one_agent_alone_is_named_when_asked_for),
        VIEWS_TEST(test_behind_an_agent_who_is_not_of_the_queue_there_is_nobody),
        cmocka_unit_test(test_explaining_tells_what_has_become_of_an_appeal_and_what_time_will_do),
        VIEWS_TEST(test_explaining_names_the_trace_that_an_appeal_came_with),
        VIEWS_TEST(test_a_closed_appeal_is_explained_and_an_unknown_one_is_not),
        VIEWS_TEST(test_an_agent_is_described_with_what_they_hold),
        VIEWS_TEST(test_all_agents_and_queues_are_visited_in_the_order_of_their_names),
        VIEWS_TEST(
            test_a_queue_that_is_gone_is_visited_for_as_long_as_somebody_holds_an_appeal_of_it),
        VIEWS_TEST(test_explaining_tells_of_each_who_has_no_room_for_the_effort),
        VIEWS_TEST(test_a_batch_names_each_agent_and_queue_that_changed_once),
        VIEWS_TEST(test_a_load_is_recorded_once_a_batch_with_the_source_that_first_changed_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "router_world.h"

#include <stdlib.h>
#include <string.h>

static const char rulebook[] =
    "rulebook: census\n"
    "markets: { BR: {}, JP: {} }\n"
    "queues: { fast: {}, general: {}, inbox: { deliver: queue } }\n"
    "rules:\n"
    "  - { name: fast, when: { reason: fraud }, route: { queue: fast } }\n"
    "  - { name: bulk, when: { reason: bulk }, route: { queue: inbox } }\n"
    "  - { name: rest, route: { queue: general } }\n";

static int setup(void **state)
{
    *state = world_new(rulebook);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* Submitted @minutes ago, to be decided in @hours. */
static void submit(struct world *world, const char *id, const char *market, const char *language,
                   const char *reason, int minutes, int hours)
{
    struct buffer json = { 0 };
    char submitted_at[ARO_INSTANT_TEXT_SIZE], deadline[ARO_INSTANT_TEXT_SIZE];

    aro_instant_format((struct aro_instant){ world->now.ms - minutes * 60000L }, submitted_at);
    aro_instant_format((struct aro_instant){ world->now.ms + hours * 3600000L }, deadline);
    buffer_add_format(&json,
                      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"%s\",\"market\":\"%s\","
                      "\"languages\":[\"%s\"],\"reason\":\"%s\",\"submitted_at\":\"%s\","
                      "\"deadline\":\"%s\"}",
                      id, market, language, reason, submitted_at, deadline);
    world_send(world, json.data);
    buffer_done(&json);
}

static void send_agent(struct world *world, const char *id, const char *more)
{
    char json[400];
    snprintf(
        json, sizeof json,
        "{\"type\":\"agent.updated\",\"agent_id\":\"%s\",\"capacity\":4,\"markets\":[\"*\"]%s}", id,
        more);
    world_send(world, json);
}

struct rows {
    const struct world *world;
    struct buffer lines; /* each ended by NUL while they are sorted */
    size_t count;
};

static void add_row(const struct aro_census_row *row, void *context)
{
    struct rows *rows = context;
    bool is_never = aro_instant_is_never(row->oldest_submitted_at);

    rows->count++;
    buffer_add_format(&rows->lines, "%s %d waiting, %d min, %d overdue, %d at risk, %d/%d",
                      row->name, (int)row->waiting,
                      is_never ? -1
                               : (int)((rows->world->now.ms - row->oldest_submitted_at.ms) / 60000),
                      (int)row->overdue, (int)row->at_risk, (int)row->used, (int)row->capacity);
    buffer_add(&rows->lines, "", 1);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void expect_rows(const struct world *world, enum aro_census_kind kind, const char *expected)
{
    struct rows rows = { .world = world };
    struct buffer text = { 0 };
    const char *lines[16];

    aro_router_each_census_row(world->router, kind, add_row, &rows);
    assert_true(rows.count <= 16);
    const char *line = rows.lines.data;
    for (size_t i = 0; i < rows.count; i++, line += strlen(line) + 1)
        lines[i] = line;
    qsort(lines, rows.count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < rows.count; i++)
        buffer_add_format(&text, "%s%s", i ? "\n" : "", lines[i]);
    buffer_add(&text, "", 1);
    assert_string_equal(text.data, expected);
    buffer_done(&text);
    buffer_done(&rows.lines);
}

static void take_census(struct world *world, unsigned limit)
{
    while (aro_router_take_census(world->router, world->now, limit))
        ;
}

static void test_before_the_first_census_is_complete_there_are_no_figures(void **state)
{
    struct world *world = *state;

    submit(world, "a-1", "BR", "pt", "other", 1, 9);
    submit(world, "a-2", "BR", "pt", "other", 1, 9);
    assert_true(aro_router_take_census(world->router, world->now, 1));
    expect_rows(world, ARO_CENSUS_QUEUES, "");
    take_census(world, 1);
    expect_rows(world, ARO_CENSUS_MARKETS, "BR 2 waiting, 1 min, 0 overdue, 0 at risk, 0/0");
}

static void test_every_place_has_what_waits_the_oldest_of_it_and_what_is_late(void **state)
{
    struct world *world = *state;

    submit(world, "a-1", "BR", "pt-BR", "other", 5, 9);
    submit(world, "a-2", "BR", "pt-PT", "fraud", 7, -1);
    submit(world, "a-3", "CL", "es", "other", 90, 1);
    submit(world, "a-4", "CL", "es", "other", 99, 0);
    world_send(world, "{\"type\":\"appeal.updated\",\"appeal_id\":\"a-4\",\"on_hold\":true}");
    world_pass(world, 60000);
    take_census(world, 1);
    expect_rows(world, ARO_CENSUS_QUEUES,
                "fast 1 waiting, 8 min, 1 overdue, 0 at risk, 0/0\n"
                "general 2 waiting, 91 min, 1 overdue, 1 at risk, 0/0\n"
                "inbox 0 waiting, -1 min, 0 overdue, 0 at risk, 0/0");
    expect_rows(world, ARO_CENSUS_MARKETS,
                "BR 2 waiting, 8 min, 1 overdue, 0 at risk, 0/0\n"
                "CL 1 waiting, 91 min, 1 overdue, 1 at risk, 0/0");
    expect_rows(world, ARO_CENSUS_LANGUAGES,
                "es-Latn 1 waiting, 91 min, 1 overdue, 1 at risk, 0/0\n"
                "pt-Latn 2 waiting, 8 min, 1 overdue, 0 at risk, 0/0");
}

static void test_an_appeal_in_somebody_s_hands_can_be_late_and_does_not_wait(void **state)
{
    struct world *world = *state;

    send_agent(world, "ana", ",\"languages\":[\"pt\"]");
    submit(world, "a-1", "BR", "pt", "other", 5, -1);
    take_census(world, 100);
    expect_rows(world, ARO_CENSUS_LANGUAGES,
                "pt-Latn 0 waiting, -1 min, 1 overdue, 0 at risk, 0/0");
}

static void test_what_comes_and_goes_meanwhile_is_counted_once_at_most(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 4; i++) {
        char id[8];
        snprintf(id, sizeof id, "a-%d", i);
        submit(world, id, "BR", "pt", "other", 5, 9);
    }
    assert_true(aro_router_take_census(world->router, world->now, 2));
    /* One that was counted goes and one that was not; one comes to another place in between. */
    world_send(world, "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a-0\"}");
    world_send(world, "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a-3\"}");
    world_send(world, "{\"type\":\"appeal.updated\",\"appeal_id\":\"a-1\",\"reason\":\"fraud\"}");
    submit(world, "a-9", "BR", "pt", "fraud", 1, 9);
    take_census(world, 2);
    expect_rows(world, ARO_CENSUS_QUEUES,
                "fast 1 waiting, 1 min, 0 overdue, 0 at risk, 0/0\n"
                "general 3 waiting, 5 min, 0 overdue, 0 at risk, 0/0\n"
                "inbox 0 waiting, -1 min, 0 overdue, 0 at risk, 0/0");
    take_census(world, 2);
    expect_rows(world, ARO_CENSUS_QUEUES,
                "fast 2 waiting, 5 min, 0 overdue, 0 at risk, 0/0\n"
                "general 1 waiting, 5 min, 0 overdue, 0 at risk, 0/0\n"
                "inbox 0 waiting, -1 min, 0 overdue, 0 at risk, 0/0");
}

static void test_a_queue_has_the_capacity_of_those_who_are_there_and_serve_it(void **state)
{
    struct world *world = *state;

    send_agent(world, "ana", ",\"languages\":[\"pt\"]");
    send_agent(world, "bia", ",\"languages\":[\"es\"],\"queues\":[\"fast\"]");
    send_agent(world, "caio", ",\"languages\":[\"pt\"],\"queues\":[\"fast\",\"general\"]");
    send_agent(world, "duda", ",\"languages\":[\"pt\"],\"queues\":[]");
    send_agent(world, "eva", ",\"languages\":[\"pt\"],\"status\":\"away\"");
    submit(world, "a-1", "BR", "es", "fraud", 5, 9);
    take_census(world, 1);
    expect_rows(world, ARO_CENSUS_QUEUES,
                "fast 0 waiting, -1 min, 0 overdue, 0 at risk, 1/12\n"
                "general 0 waiting, -1 min, 0 overdue, 0 at risk, 0/8\n"
                "inbox 0 waiting, -1 min, 0 overdue, 0 at risk, 0/0");
}

static void test_profiles_that_come_meanwhile_do_not_make_anybody_count_twice(void **state)
{
    struct world *world = *state;
    char id[16], more[80];

    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "agent-%d", i);
        snprintf(more, sizeof more, ",\"languages\":[\"pt\"],\"skills\":{\"s-%d\":1}", i);
        send_agent(world, id, more);
        if (i % 10 == 9)
            assert_true(aro_router_take_census(world->router, world->now, 3));
    }
    take_census(world, 3);
    take_census(world, 3); /* nothing comes during this one */
    expect_rows(world, ARO_CENSUS_QUEUES,
                "fast 0 waiting, -1 min, 0 overdue, 0 at risk, 0/160\n"
                "general 0 waiting, -1 min, 0 overdue, 0 at risk, 0/160\n"
                "inbox 0 waiting, -1 min, 0 overdue, 0 at risk, 0/0");
}

static void test_where_profiles_never_stop_coming_the_capacity_stays_that_of_before(void **state)
{
    struct world *world = *state;
    char id[16], more[80];

    send_agent(world, "ana", ",\"languages\":[\"pt\"]");
    send_agent(world, "bia", ",\"languages\":[\"es\"]");
    take_census(world, 100);
    for (int i = 0; aro_router_take_census(world->router, world->now, 1); i++) {
        assert_true(i < 100);
        snprintf(id, sizeof id, "agent-%d", i);
        snprintf(more, sizeof more, ",\"languages\":[\"pt\"],\"skills\":{\"s-%d\":1}", i);
        send_agent(world, id, more);
    }
    expect_rows(world, ARO_CENSUS_QUEUES,
                "fast 0 waiting, -1 min, 0 overdue, 0 at risk, 0/8\n"
                "general 0 waiting, -1 min, 0 overdue, 0 at risk, 0/8\n"
                "inbox 0 waiting, -1 min, 0 overdue, 0 at risk, 0/0");
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static void test_a_deadline_is_late_once_it_has_passed_and_at_risk_in_the_hour_before(void **state)
{
    struct world *world = *state;

    submit(world, "now", "BR", "pt", "other", 1, 0);
    submit(world, "in-an-hour", "BR", "pt", "other", 1, 1);
    take_census(world, 1);
    expect_rows(world, ARO_CENSUS_MARKETS, "BR 2 waiting, 1 min, 0 overdue, 2 at risk, 0/0");
    world->now.ms -= 1;
    take_census(world, 1);
    expect_rows(world, ARO_CENSUS_MARKETS, "BR 2 waiting, 0 min, 0 overdue, 1 at risk, 0/0");
    world->now.ms += 2;
    take_census(world, 1);
    expect_rows(world, ARO_CENSUS_MARKETS, "BR 2 waiting, 1 min, 1 overdue, 1 at risk, 0/0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_before_the_first_census_is_complete_there_are_no_figures),
        WORLD_TEST(test_every_place_has_what_waits_the_oldest_of_it_and_what_is_late),
        WORLD_TEST(test_a_deadline_is_late_once_it_has_passed_and_at_risk_in_the_hour_before),
        WORLD_TEST(test_an_appeal_in_somebody_s_hands_can_be_late_and_does_not_wait),
        WORLD_TEST(test_what_comes_and_goes_meanwhile_is_counted_once_at_most),
        WORLD_TEST(test_a_queue_has_the_capacity_of_those_who_are_there_and_serve_it),
        WORLD_TEST(test_profiles_that_come_meanwhile_do_not_make_anybody_count_twice),
        WORLD_TEST(test_where_profiles_never_stop_coming_the_capacity_stays_that_of_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

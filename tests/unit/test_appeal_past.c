#include "router_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOK(name, rules)                                                                          \
    "rulebook: " name "\n"                                                                         \
    "seed: 7\n"                                                                                    \
    "queues:\n"                                                                                    \
    "  general: {}\n"                                                                              \
    "  hot: { offer: { expires: 2m, declines_max: 3 },\n"                                          \
    "         ladder: [{ for: 10m, level: 5 }, { for: 20m, level: 4, teams: [night] }, {}] }\n"    \
    "  inbox: { deliver: queue }\n"                                                                \
    "rules:\n" rules
#define REST "  - { name: rest, route: { queue: general } }\n"
#define HOT "  - { name: hot, when: { reason: fraud }, route: { queue: hot } }\n"
#define BULK "  - { name: bulk, when: { reason: bulk }, route: { queue: inbox } }\n"

#define AGENT(id, level)                                                                           \
    "{\"type\":\"agent.updated\",\"agent_id\":\"" id "\",\"capacity\":1,\"markets\":[\"BR\"],"     \
    "\"languages\":[{\"tag\":\"pt\",\"level\":" level "}]}"
#define APPEAL(id, members)                                                                        \
    "{\"type\":\"appeal.submitted\",\"appeal_id\":\"" id "\",\"market\":\"BR\","                   \
    "\"languages\":[\"pt\"]," members "}"
#define REVIEW(type, id, agent, epoch)                                                             \
    "{\"type\":\"assignment." type "\",\"appeal_id\":\"" id "\",\"agent_id\":\"" agent "\","       \
    "\"epoch\":" epoch "}"
#define UPDATE(id, members) "{\"type\":\"appeal.updated\",\"appeal_id\":\"" id "\"," members "}"
#define DECIDE(id) "{\"type\":\"appeal.decided\",\"appeal_id\":\"" id "\",\"outcome\":\"upheld\"}"

static int setup(void **state)
{
    *state = world_new(BOOK("past", HOT BULK REST));
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void add_value(struct buffer *line, const char *name, const json_t *value)
{
    size_t index;
    json_t *item;

    if (json_is_string(value))
        buffer_add_format(line, " %s=%s", name, json_string_value(value));
    else if (json_is_integer(value))
        buffer_add_format(line, " %s=%d", name, (int)json_integer_value(value));
    json_array_foreach(value, index, item) add_value(line, name, item);
}

/* A move a line: "10:02:00 expired agent_id=ana". */
static char *past_lines(json_t *answer)
{
    struct buffer lines = { 0 };
    const char *name;
    size_t index;
    json_t *move, *value;

    assert_non_null(answer);
    buffer_add_text(&lines, "");
    json_array_foreach(json_object_get(answer, "past"), index, move)
    {
        const char *at = json_string_value(json_object_get(move, "at"));
        buffer_add_format(&lines, "%.8s %s", at + strlen("2026-11-22T"),
                          json_string_value(json_object_get(move, "what")));
        json_object_foreach(move, name, value)
        {
            if (strcmp(name, "at") != 0 && strcmp(name, "what") != 0)
                add_value(&lines, name, value);
        }
        buffer_add_text(&lines, "\n");
    }
    return buffer_take(&lines);
}

/* Another router, of nothing but the ledger's records. */
static struct aro_router *fold(const struct world *world)
{
    struct aro_router *router = NULL;
    struct aro_error error = { 0 };
    char *dump = world_dump(world->router), *rest = dump;

    assert_int_equal(
        aro_router_new(world->languages, world->rulebooks[world->rulebook_count - 1], &router), 0);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *value = strchr(line, ' ');
        if (!value || strncmp(line, "arrival", 7) == 0)
            continue;
        *value++ = '\0';
        if (aro_router_restore(router, line, value, strlen(value), &error) < 0)
            fail_msg("%s", error.message);
    }
    free(dump);
    return router;
}

/* The past of @id, as the router tells it and as another does that was folded from its ledger. */
static void expect_past(struct world *world, const char *id, const char *expected)
{
    const struct aro_explain_page page = { .limit = 1 };
    struct aro_router *folded = fold(world);
    json_t *answer = world_explain(world, id);
    json_t *again = aro_router_explain(folded, world->now, id, &page);
    char *told = past_lines(answer), *told_again = past_lines(again);

    assert_string_equal(told, expected);
    assert_string_equal(told_again, expected);
    free(told);
    free(told_again);
    json_decref(answer);
    json_decref(again);
    aro_router_free(folded);
}

static void pass_and_tick(struct world *world, int64_t ms)
{
    world_pass(world, ms);
    assert_false(world_tick(world));
}

static void test_the_past_tells_who_was_asked_and_how_it_came_to_the_next(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", "5"));
    world_send(world, AGENT("bia", "5"));
    world_send(world, AGENT("caio", "3"));
    world_send(world, APPEAL("a-1", "\"reason\":\"fraud\""));
    pass_and_tick(world, 60000);
    world_send(world, REVIEW("declined", "a-1", "ana", "1"));
    pass_and_tick(world, 120000); /* bia lets it expire: that is all of the step */
    world_send(world, REVIEW("accepted", "a-1", "caio", "3"));
    pass_and_tick(world, 60000);
    world_send(world, REVIEW("returned", "a-1", "caio", "3"));
    expect_past(world, "a-1",
                "10:00:00 submitted queue=hot rule=hot rulebook=past\n"
                "10:00:00 offered agent_id=ana criterion=seeded_hash runner_up=bia epoch=1\n"
                "10:01:00 declined agent_id=ana\n"
                "10:01:00 offered agent_id=bia epoch=2\n"
                "10:03:00 expired agent_id=bia\n"
                "10:03:00 escalated reason=all_declined step=3 skipped=2\n"
                "10:03:00 offered agent_id=caio epoch=3\n"
                "10:03:00 accepted agent_id=caio epoch=3\n"
                "10:04:00 returned agent_id=caio\n"
                "10:04:00 waiting filter=declined\n");
    pass_and_tick(world, 600000);
    world_send(world, DECIDE("a-1"));
    expect_past(world, "a-1", /* a closed one keeps fewer */
                "10:00:00 submitted queue=hot rule=hot rulebook=past\n"
                "10:01:00 declined agent_id=ana\n"
                "10:01:00 offered agent_id=bia epoch=2\n"
                "10:03:00 expired agent_id=bia\n"
                "10:03:00 escalated reason=all_declined step=3 skipped=2\n"
                "10:03:00 offered agent_id=caio epoch=3\n"
                "10:03:00 accepted agent_id=caio epoch=3\n"
                "10:04:00 returned agent_id=caio\n"
                "10:04:00 waiting filter=declined\n"
                "10:14:00 asked_again\n"
                "10:14:00 offered agent_id=ana criterion=seeded_hash runner_up=bia epoch=4\n"
                "10:14:00 decided agent_id=ana outcome=upheld\n");
}

static void test_the_past_tells_why_nobody_got_it_and_since_when(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", "5"));
    world_send(world, APPEAL("a-0", "\"reason\":\"x\""));
    world_send(world, APPEAL("a-1", "\"reason\":\"x\",\"deadline\":\"2026-11-22T10:30:00Z\""));
    expect_past(world, "a-1",
                "10:00:00 submitted queue=general rule=rest rulebook=past\n"
                "10:00:00 waiting filter=capacity\n");
    pass_and_tick(world, 3600000);
    world_send(world, DECIDE("a-0"));
    expect_past(world, "a-1",
                "10:00:00 submitted queue=general rule=rest rulebook=past\n"
                "10:00:00 waiting filter=capacity\n"
                "11:00:00 overdue\n"
                "11:00:00 assigned agent_id=ana epoch=1\n");
}

static void test_the_past_tells_of_holds_updates_and_other_queues(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1", "\"reason\":\"x\""));
    world_pass(world, 60000);
    world_send(world, UPDATE("a-1", "\"on_hold\":true"));
    world_pass(world, 60000);
    world_pause(world, "BR", true);
    world_send(world, UPDATE("a-1", "\"on_hold\":false"));
    world_pass(world, 60000);
    world_pause(world, "BR", false);
    world_send(world, UPDATE("a-1", "\"reason\":\"fraud\",\"exclude\":[\"zoe\"]"));
    world_reload(world,
                 BOOK("later", "  - { name: urgent, when: { reason: fraud }, route: { queue: "
                               "hot } }\n" BULK REST));
    world_pass(world, 60000);
    world_send(world, UPDATE("a-1", "\"attributes\":{\"value\":5},\"deadline\":"
                                    "\"2026-11-23T10:00:00Z\",\"languages\":[\"pt\",\"es\"]"));
    world_send(world, AGENT("ana", "5"));
    world_send(world, "{\"type\":\"agent.removed\",\"agent_id\":\"ana\"}");
    expect_past(world, "a-1",
                "10:00:00 submitted queue=general rule=rest rulebook=past\n"
                "10:00:00 waiting\n"
                "10:01:00 updated changed=on_hold\n"
                "10:01:00 held reason=on_hold\n"
                "10:02:00 updated changed=on_hold\n"
                "10:03:00 resumed reason=market_paused\n"
                "10:03:00 updated changed=reason, exclude\n"
                "10:03:00 rerouted queue=hot rule=hot rulebook=past from=general reason=updated\n"
                "10:03:00 escalated reason=nobody_there step=3 skipped=1 skipped=2\n"
                "10:03:00 waiting\n"
                "10:04:00 updated changed=languages, deadline, attributes\n"
                "10:04:00 ruled rule=urgent rulebook=later\n"
                "10:04:00 offered agent_id=ana epoch=1\n"
                "10:04:00 revoked reason=removed agent_id=ana\n"
                "10:04:00 waiting\n");
}

static void test_an_assignment_by_another_rulebook_than_the_routing_says_so(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1", "\"reason\":\"x\""));
    world_reload(world, BOOK("later", HOT BULK REST));
    world_pass(world, 1000);
    world_send(world, AGENT("ana", "5"));
    expect_past(world, "a-1",
                "10:00:00 submitted queue=general rule=rest rulebook=past\n"
                "10:00:00 waiting\n"
                "10:00:01 ruled rule=rest rulebook=later\n"
                "10:00:01 assigned agent_id=ana epoch=1\n");
}

static void test_each_appeal_of_one_review_has_a_past_of_its_own(void **state)
{
    struct world *world = *state;
    world_send(world,
               APPEAL("a-1", "\"reason\":\"x\",\"subject\":{\"type\":\"listing\",\"id\":\"l\"}"));
    world_pass(world, 1000);
    world_send(world, APPEAL("a-2", "\"reason\":\"x\",\"exclude\":[\"zoe\"],"
                                    "\"subject\":{\"type\":\"listing\",\"id\":\"l\"}"));
    world_send(world, "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a-1\"}");
    expect_past(world, "a-2", "10:00:01 merged appeal_id=a-1\n");
    expect_past(world, "a-1",
                "10:00:00 submitted queue=general rule=rest rulebook=past\n"
                "10:00:00 waiting\n"
                "10:00:01 joined appeal_id=a-2\n"
                "10:00:01 withdrawn\n");
    world_send(world, DECIDE("a-1"));
    expect_past(world, "a-2",
                "10:00:01 merged appeal_id=a-1\n"
                "10:00:01 decided outcome=upheld\n");
}

static void test_a_delivered_appeal_says_so(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1", "\"reason\":\"bulk\""));
    world_send(world, "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a-1\"}");
    expect_past(world, "a-1",
                "10:00:00 submitted queue=inbox rule=bulk rulebook=past\n"
                "10:00:00 delivered epoch=1\n"
                "10:00:00 revoked reason=withdrawn\n"
                "10:00:00 withdrawn\n");
}

static void test_an_appeal_submitted_to_a_paused_market_was_held_from_the_start(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-0", "\"reason\":\"x\""));
    world_pause(world, "BR", true);
    world_pass(world, 1000);
    world_send(world, APPEAL("a-1", "\"reason\":\"x\""));
    expect_past(world, "a-1",
                "10:00:01 submitted queue=general rule=rest rulebook=past\n"
                "10:00:01 held reason=market_paused\n");
}

static void test_an_appeal_that_only_waits_has_no_past_in_memory_or_ledger(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", "5"));
    world_send(world, APPEAL("a-0", "\"reason\":\"x\""));
    world_send(world, APPEAL("a-1", "\"reason\":\"x\""));
    const struct aro_record *record = world_find_ledger(world, "appeal:a-1");
    assert_null(strstr(record->value, "\"past\":"));
    assert_non_null(strstr(record->value, "\"waits_for\":\"capacity\""));
}

static void test_a_past_is_bounded_and_says_how_much_it_leaves_out(void **state)
{
    struct world *world = *state;
    char review[256];

    world_send(world, AGENT("ana", "5"));
    world_send(world, APPEAL("a-1", "\"reason\":\"x\""));
    for (int i = 1; i <= 100; i++) {
        snprintf(review, sizeof review, REVIEW("returned", "a-1", "ana", "%d"), i);
        world_send(world, review);
        pass_and_tick(world, 600000);
    }
    json_t *answer = world_explain(world, "a-1");
    json_t *list = json_object_get(answer, "past");
    /* submitted, assigned; then each time returned, waiting, asked again, assigned */
    assert_int_equal(json_array_size(list), 32);
    assert_int_equal(json_integer_value(json_object_get(answer, "past_left_out")), 402 - 32);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "what")),
                        "submitted");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 31), "what")),
                        "assigned");
    json_decref(answer);
}

static void test_a_record_from_before_there_were_pasts_is_explained_all_the_same(void **state)
{
    struct world *world = *state;
    struct aro_error error = { 0 };
    static const char record[] =
        "{\"v\":1,\"state\":\"waiting\",\"queue\":\"general\",\"market\":\"BR\",\"languages\":["
        "\"pt\"],\"rule\":\"rest\",\"rulebook\":\"past\",\"arrival\":1,\"submitted_at\":"
        "1795341600000,\"clock\":5000,\"on_hold\":true,\"source\":\"in\"}";

    assert_int_equal(
        aro_router_restore(world->router, "appeal:a-1", record, strlen(record), &error), 0);
    expect_past(world, "a-1", "10:00:00 submitted queue=general rule=rest rulebook=past\n");
    world_send(world, UPDATE("a-1", "\"on_hold\":false"));
    expect_past(world, "a-1",
                "10:00:00 submitted queue=general rule=rest rulebook=past\n"
                "10:00:00 updated changed=on_hold\n"
                "10:00:00 waiting\n");
}

static void test_a_record_of_an_assigned_appeal_from_then_tells_when_it_came(void **state)
{
    struct world *world = *state;
    struct aro_error error = { 0 };
    static const char record[] =
        "{\"v\":1,\"state\":\"assigned\",\"queue\":\"general\",\"market\":\"BR\",\"languages\":["
        "\"pt\"],\"agent_id\":\"ana\",\"language\":\"pt\",\"epoch\":1,\"rule\":\"rest\","
        "\"rulebook\":\"past\",\"arrival\":1,\"clock\":1795341600000,\"source\":\"in\"}";

    assert_int_equal(
        aro_router_restore(world->router, "appeal:a-1", record, strlen(record), &error), 0);
    expect_past(world, "a-1", "10:00:00 submitted queue=general rule=rest rulebook=past\n");
}

static void test_a_wrong_past_in_the_ledger_is_refused(void **state)
{
    struct world *world = *state;
    static const char *const pasts[] = {
        "[]",
        "{}",
        "[{}]",
        "[{\"sold\":1}]",
        "[{\"submitted\":\"now\"}]",
        "[{\"submitted\":1,\"waiting\":1}]",
        "[{\"submitted\":1,\"queue\":7}]",
        "[{\"offered\":1,\"epoch\":\"one\"}]",
        "[{\"offered\":1,\"epoch\":0}]",
        "[{\"offered\":1,\"colour\":\"red\"}]",
        "[7]",
    };
    static const char *const states[] = {
        "\"state\":\"closed\",\"outcome\":\"upheld\",\"closed_at\":1795341600000",
        "\"state\":\"merged\",\"lead\":\"a-0\"",
        "\"state\":\"waiting\",\"queue\":\"general\",\"market\":\"BR\",\"languages\":[\"pt\"],"
        "\"rule\":\"r\",\"rulebook\":\"b\",\"arrival\":1,\"source\":\"in\"",
    };
    char record[512];
    struct aro_error error;

    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        for (size_t j = 0; j < sizeof pasts / sizeof *pasts; j++) {
            snprintf(record, sizeof record, "{\"v\":1,%s,\"past\":%s}", states[i], pasts[j]);
            error = (struct aro_error){ 0 };
            if (aro_router_restore(world->router, "appeal:a-1", record, strlen(record), &error) ==
                0)
                fail_msg("%s was taken", record);
            assert_string_equal(error.message, "ledger record 'appeal:a-1' has a wrong 'past'");
        }
        snprintf(record, sizeof record, "{\"v\":1,%s,\"past\":[{\"waiting\":7}]}", states[i]);
        assert_int_equal(
            aro_router_restore(world->router, "appeal:a-1", record, strlen(record), &error), 0);
        json_t *answer = world_explain(world, "a-1");
        assert_int_equal(json_array_size(json_object_get(answer, "past")), 1);
        json_decref(answer);
    }
    snprintf(record, sizeof record, "{\"v\":1,%s,\"waits_for\":\"better days\"}", states[2]);
    assert_true(aro_router_restore(world->router, "appeal:a-1", record, strlen(record), &error) <
                0);
    assert_string_equal(error.message, "ledger record 'appeal:a-1' has a wrong 'waits_for'");
}

#define PAST_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAST_TEST(test_the_past_tells_who_was_asked_and_how_it_came_to_the_next),
        PAST_TEST(test_the_past_tells_why_nobody_got_it_and_since_when),
        PAST_TEST(test_the_past_tells_of_holds_updates_and_other_queues),
        PAST_TEST(test_an_assignment_by_another_rulebook_than_the_routing_says_so),
        PAST_TEST(test_each_appeal_of_one_review_has_a_past_of_its_own),
        PAST_TEST(test_a_delivered_appeal_says_so),
        PAST_TEST(test_an_appeal_submitted_to_a_paused_market_was_held_from_the_start),
        PAST_TEST(test_an_appeal_that_only_waits_has_no_past_in_memory_or_ledger),
        PAST_TEST(test_a_past_is_bounded_and_says_how_much_it_leaves_out),
        PAST_TEST(test_a_record_from_before_there_were_pasts_is_explained_all_the_same),
        PAST_TEST(test_a_record_of_an_assigned_appeal_from_then_tells_when_it_came),
        PAST_TEST(test_a_wrong_past_in_the_ledger_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

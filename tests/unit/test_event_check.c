/* What an event may not add to an appeal, however well it is formed by itself. */
#include "router_world.h"

#include <stdlib.h>
#include <string.h>

static const char rulebook[] = "rulebook: bounds\n"
                               "queues: { general: {} }\n"
                               "rules: [ { name: rest, route: { queue: general } } ]\n";

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

static char *submission(const char *id, const char *more)
{
    struct buffer json = { 0 };
    buffer_add_format(&json,
                      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"%s\",\"market\":\"BR\","
                      "\"languages\":[\"pt\"],\"reason\":\"other\"%s}",
                      id, more);
    return buffer_take(&json);
}

static void submit(struct world *world, const char *id, const char *more)
{
    char *json = submission(id, more);
    world_send(world, json);
    free(json);
}

/* An update of a-1 whose @list, "exclude" or "attributes", has @count names from @prefix@first on.
 */
static char *update_new(const char *list, const char *prefix, size_t first, size_t count)
{
    bool is_map = strcmp(list, "attributes") == 0;
    struct buffer json = { 0 };

    buffer_add_format(&json, "{\"type\":\"appeal.updated\",\"appeal_id\":\"a-1\",\"%s\":%s", list,
                      is_map ? "{" : "[");
    for (size_t i = first; i < first + count; i++)
        buffer_add_format(&json, "%s\"%s%zu\"%s", i > first ? "," : "", prefix, i,
                          is_map ? ":1" : "");
    buffer_add_text(&json, is_map ? "}}" : "]}");
    return buffer_take(&json);
}

/* Is @json refused as a limit about @field, or taken (NULL)? Applied where it is taken. */
static void expect_refusal(struct world *world, char *json, const char *field)
{
    const struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                         .value = json,
                                         .value_length = strlen(json) };
    const struct aro_event *event = NULL;
    struct aro_error error = { 0 };

    assert_int_equal(aro_event_read(world->reader, &message, &event, &error), 0);
    int r = aro_router_check_event(world->router, event, &error);
    if (field) {
        assert_true(r < 0);
        assert_int_equal(error.code, ARO_ERROR_LIMIT);
        assert_string_equal(error.field, field);
    } else {
        assert_int_equal(r, 0);
        world_send(world, json);
    }
    free(json);
}

static void test_updates_exclude_256_people_of_an_appeal_and_no_more(void **state)
{
    struct world *world = *state;

    submit(world, "a-1", "");
    for (size_t i = 0; i < 8; i++)
        expect_refusal(world, update_new("exclude", "agent-", i * 32, 32), NULL);
    expect_refusal(world, update_new("exclude", "agent-", 256, 1), "exclude");
    expect_refusal(world, update_new("exclude", "agent-", 100, 32), NULL); /* known already */
}

static void test_updates_make_32_attributes_of_an_appeal_and_no_more(void **state)
{
    struct world *world = *state;

    submit(world, "a-1", "");
    expect_refusal(world, update_new("attributes", "name-", 0, 32), NULL);
    expect_refusal(world, update_new("attributes", "name-", 32, 1), "attributes");
    expect_refusal(world, update_new("attributes", "name-", 5, 20), NULL); /* replaced */
}

static void test_an_update_of_an_appeal_that_is_not_there_is_left_to_the_router(void **state)
{
    struct world *world = *state;

    expect_refusal(world, update_new("exclude", "agent-", 0, 32), NULL);
    world_expect(world, "ignored a-1 unknown");
}

static void test_the_257th_appellant_begins_a_review_of_its_own(void **state)
{
    static const char subject[] = ",\"subject\":{\"type\":\"listing\",\"id\":\"l-1\"}";
    struct world *world = *state;
    char id[16];

    submit(world, "a-0", subject);
    for (int i = 1; i <= 256; i++) {
        snprintf(id, sizeof id, "a-%d", i);
        submit(world, id, subject);
    }
    assert_string_equal(world_find(world, "appeal.merged")->key, "a-256");
    submit(world, "a-257", subject);
    assert_string_equal(world_find(world, "appeal.merged")->key, "a-256");
    assert_string_equal(world_find(world, "appeal.waiting")->key, "a-257");

    struct aro_router_counts counts;
    aro_router_counts(world->router, &counts);
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(counts.merged, 256);
}

/* As what the ledger says of it: nobody who decided within the window is forgotten. */
static void
test_of_512_people_who_decided_on_a_subject_none_is_forgotten_and_no_more_are_let_in(void **state)
{
    static const char subject[] = ",\"subject\":{\"type\":\"listing\",\"id\":\"l-1\"}";
    static const char named[] = ",\"subject\":{\"type\":\"listing\",\"id\":\"l-1\"},"
                                "\"decision\":{\"id\":\"d\",\"decided_by\":\"agent-511\"}";
    struct world *world = *state;
    char id[16], json[256];

    for (int i = 0; i < 510; i++) {
        snprintf(id, sizeof id, "a-%d", i);
        submit(world, id, subject);
        snprintf(json, sizeof json,
                 "{\"type\":\"appeal.decided\",\"appeal_id\":\"%s\",\"outcome\":\"upheld\","
                 "\"agent_id\":\"agent-%d\"}",
                 id, i);
        world_send(world, json);
        world_seal(world);
    }
    expect_refusal(world, submission("a-last", named), NULL); /* it takes both places left */
    expect_refusal(world, submission("a-more", subject), "subject");
    expect_refusal(world, submission("a-last", named), NULL); /* a repeat, which adds nobody */
    expect_refusal(
        world, submission("a-other", ",\"subject\":{\"type\":\"listing\",\"id\":\"l-2\"}"), NULL);
    world_send(world, "{\"type\":\"appeal.decided\",\"appeal_id\":\"a-last\",\"outcome\":"
                      "\"upheld\",\"agent_id\":\"agent-510\"}");
    const char *record = world_find_ledger(world, "subject:listing:l-1")->value;
    for (int i = 0; i < 512; i++) {
        snprintf(id, sizeof id, "\"agent-%d\"", i);
        assert_non_null(strstr(record, id));
    }
    expect_refusal(world, submission("a-more", subject), "subject");
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_updates_exclude_256_people_of_an_appeal_and_no_more),
        WORLD_TEST(test_updates_make_32_attributes_of_an_appeal_and_no_more),
        WORLD_TEST(test_an_update_of_an_appeal_that_is_not_there_is_left_to_the_router),
        WORLD_TEST(test_the_257th_appellant_begins_a_review_of_its_own),
        WORLD_TEST(
            test_of_512_people_who_decided_on_a_subject_none_is_forgotten_and_no_more_are_let_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a batch tells those who count it, of people's appeals and of synthetic ones. */
#include "router_world.h"

#include <stdlib.h>
#include <string.h>

#define SYNTHETIC_QUEUE "synthetic: { deliver: queue, topic: assignments.synthetic }"
#define SYNTHETIC_RULE                                                                             \
    "{ name: synthetic, when: { reason: synthetic }, route: { queue: synthetic } }"

static const char rulebook[] =
    "rulebook: notes\n"
    "queues:\n"
    "  offers: { offer: { expires: 2m }, ladder: [{ for: 10m }, {}] }\n"
    "  inbox: { deliver: queue, topic: inbox }\n"
    "  " SYNTHETIC_QUEUE "\n"
    "rules:\n"
    "  - " SYNTHETIC_RULE "\n"
    "  - { name: bulk, when: { reason: bulk }, route: { queue: inbox } }\n"
    "  - { name: rest, route: { queue: offers } }\n";
/* A later one, of somebody who knows nothing of synthetic appeals. */
static const char rulebook_without[] = "rulebook: without\n"
                                       "queues: { offers: {} }\n"
                                       "rules: [ { name: rest, route: { queue: offers } } ]\n";

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

static void send_agent(struct world *world, const char *id)
{
    char json[300];
    snprintf(json, sizeof json,
             "{\"type\":\"agent.updated\",\"agent_id\":\"%s\",\"capacity\":9,\"markets\":[\"*\"],"
             "\"languages\":[\"en\"]}",
             id);
    world_send(world, json);
}

static void submit(struct world *world, const char *id, const char *reason)
{
    char json[300];
    snprintf(json, sizeof json,
             "{\"type\":\"appeal.submitted\",\"appeal_id\":\"%s\",\"market\":\"ZZ\","
             "\"languages\":[\"en\"],\"reason\":\"%s\","
             "\"submitted_at\":\"2026-11-22T09:00:00Z\"}",
             id, reason);
    world_send(world, json);
}

static void review(struct world *world, const char *type, const char *id, int epoch)
{
    char json[300];
    snprintf(json, sizeof json,
             "{\"type\":\"%s\",\"appeal_id\":\"%s\",\"agent_id\":\"ana\",\"epoch\":%d}", type, id,
             epoch);
    world_send(world, json);
}

static void decide(struct world *world, const char *id)
{
    char json[300];
    snprintf(json, sizeof json,
             "{\"type\":\"appeal.decided\",\"appeal_id\":\"%s\",\"outcome\":\"upheld\"}", id);
    world_send(world, json);
}

/* Of the batch at hand, as text; then begins another. */
static void expect_notes(struct world *world, const char *expected)
{
    static const char *const names[] = {
        [ARO_NOTE_ASSIGNED] = "assigned",
        [ARO_NOTE_OFFERED] = "offered",
        [ARO_NOTE_ACCEPTED] = "accepted",
        [ARO_NOTE_DECLINED] = "declined",
        [ARO_NOTE_EXPIRED] = "expired",
        [ARO_NOTE_IGNORED] = "ignored",
        [ARO_NOTE_SYNTHETIC_DELIVERED] = "synthetic delivered",
        [ARO_NOTE_SYNTHETIC_CLOSED] = "synthetic closed",
    };
    struct buffer text = { 0 };

    for (size_t i = 0; i < aro_effects_note_count(world->effects); i++) {
        const struct aro_note *note = aro_effects_note_at(world->effects, i);
        buffer_add_format(&text, "%s%s", i ? ", " : "", names[note->kind]);
        if (note->queue)
            buffer_add_format(&text, " %s/%u", note->queue, note->step);
        if (note->reason)
            buffer_add_format(&text, " %s", note->reason);
        if (note->appeal_id)
            buffer_add_format(&text, " %s", note->appeal_id);
        if (note->kind != ARO_NOTE_IGNORED)
            assert_int_equal(note->submitted_at.ms, 1795338000000);
    }
    buffer_add(&text, "", 1);
    assert_string_equal(text.data, expected);
    buffer_done(&text);
    world_seal(world);
}

static void test_an_offer_is_made_and_declined_expires_and_is_accepted(void **state)
{
    struct world *world = *state;

    send_agent(world, "ana");
    submit(world, "a-1", "other");
    expect_notes(world, "offered offers/1");
    review(world, "assignment.declined", "a-1", 1);
    expect_notes(world, "declined offers/1");
    world_pass(world, 600000); /* the next step, at which ana is asked again */
    assert_false(world_tick(world));
    expect_notes(world, "offered offers/2");
    world_pass(world, 120000);
    assert_false(world_tick(world));
    expect_notes(world, "expired offers/2");
    world_pass(world, 600000);
    assert_false(world_tick(world));
    expect_notes(world, "offered offers/2");
    review(world, "assignment.accepted", "a-1", 3);
    expect_notes(world, "accepted offers/2, assigned offers/2");
    review(world, "assignment.declined", "a-1", 3); /* no longer an offer */
    expect_notes(world, "");
}

static void test_what_a_team_s_inbox_takes_is_assigned(void **state)
{
    struct world *world = *state;

    submit(world, "a-1", "bulk");
    expect_notes(world, "assigned inbox/1");
    decide(world, "a-1");
    expect_notes(world, "");
}

static void test_an_event_that_changes_nothing_says_why(void **state)
{
    struct world *world = *state;

    submit(world, "a-1", "bulk");
    world_seal(world);
    submit(world, "a-1", "bulk");
    decide(world, "a-2");
    expect_notes(world, "ignored repeat, ignored unknown");
}

/* --- synthetic ones --- */

static void expect_no_figures(const struct world *world)
{
    struct aro_router_counts counts;
    struct aro_queue_view queue;

    aro_router_counts(world->router, &counts);
    assert_int_equal(counts.waiting + counts.held + counts.delivered + counts.assigned, 0);
    assert_true(aro_router_queue_view(world->router, "synthetic", &queue));
    assert_int_equal(queue.waiting + queue.held + queue.assigned, 0);
}

static void test_a_synthetic_appeal_is_delivered_and_decided_and_no_figure_has_it(void **state)
{
    struct world *world = *state;

    submit(world, "synthetic:1", "synthetic");
    expect_no_figures(world);
    const struct aro_record *record = world_find(world, "assignment.created");
    assert_string_equal(record->topic, "assignments.synthetic");
    expect_notes(world, "synthetic delivered synthetic:1");
    decide(world, "synthetic:1");
    expect_no_figures(world);
    expect_notes(world, "synthetic closed synthetic:1");
}

static void name_it(const char *id, struct aro_instant submitted_at, void *context)
{
    buffer_add_format(context, "%s %lld;", id, (long long)submitted_at.ms);
}

static void test_a_census_names_the_synthetic_appeals_that_are_open(void **state)
{
    struct world *world = *state;
    struct buffer names = { 0 };

    submit(world, "synthetic:1", "synthetic");
    submit(world, "synthetic:2", "synthetic");
    decide(world, "synthetic:1");
    while (aro_router_take_census(world->router, world->now, 1))
        ;
    aro_router_each_synthetic(world->router, name_it, &names);
    buffer_add(&names, "", 1);
    assert_string_equal(names.data, "synthetic:2 1795338000000;");
    buffer_done(&names);
}

/* It is held when the rulebook goes that has a queue for it. */
static void test_no_later_rulebook_brings_a_synthetic_appeal_to_a_person(void **state)
{
    struct world *world = *state;

    send_agent(world, "ana");
    world_pause(world, "ZZ", true);
    submit(world, "synthetic:1", "synthetic");
    submit(world, "a-1", "other");
    world_answers(world);
    world_reload(world, rulebook_without);
    world_pause(world, "ZZ", false);
    const char *answers = world_answers(world);
    assert_non_null(strstr(answers, "created a-1 ana"));
    assert_null(strstr(answers, "created synthetic"));
    char *before = world_dump(world->router);
    send_agent(world, "bia"); /* who would take it if it stood in line */
    assert_null(strstr(world_answers(world), "created"));
    free(before);
    decide(world, "synthetic:1");
    assert_non_null(strstr(world_answers(world), "closed synthetic:1"));
}

static void expect_checked(struct world *world, const char *id, const char *more, const char *field)
{
    struct buffer json = { 0 };
    const struct aro_event *event;
    struct aro_error error = { 0 };

    buffer_add_format(&json,
                      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"%s\",\"market\":\"ZZ\","
                      "\"languages\":[\"en\"]%s}",
                      id, more);
    const struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                         .value = json.data,
                                         .value_length = json.length };
    assert_int_equal(aro_event_read(world->reader, &message, &event, &error), 0);
    int r = aro_rulebook_check_event(world->rulebooks[world->rulebook_count - 1], event, &error);
    if (field) {
        assert_true(r < 0);
        assert_int_equal(error.code, ARO_ERROR_FIELD);
        assert_string_equal(error.field, field);
    } else {
        assert_int_equal(r, 0);
    }
    buffer_done(&json);
}

static void test_a_synthetic_appeal_that_would_reach_people_is_refused(void **state)
{
    struct world *world = *state;

    expect_checked(world, "synthetic:1", ",\"reason\":\"synthetic\"", NULL);
    expect_checked(world, "synthetic:1", ",\"reason\":\"other\"", "appeal_id");
    expect_checked(world, "synthetic:1", ",\"reason\":\"bulk\"", "appeal_id"); /* another's inbox */
    expect_checked(world, "synthetic:1",
                   ",\"reason\":\"synthetic\",\"subject\":{\"type\":\"listing\",\"id\":\"l-1\"}",
                   "subject");
    expect_checked(world, "a-synthetic:1", ",\"reason\":\"other\"", NULL);
    world_reload(world, rulebook_without);
    expect_checked(world, "synthetic:1", ",\"reason\":\"synthetic\"", "appeal_id");
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_an_offer_is_made_and_declined_expires_and_is_accepted),
        WORLD_TEST(test_what_a_team_s_inbox_takes_is_assigned),
        WORLD_TEST(test_an_event_that_changes_nothing_says_why),
        WORLD_TEST(test_a_synthetic_appeal_is_delivered_and_decided_and_no_figure_has_it),
        WORLD_TEST(test_a_census_names_the_synthetic_appeals_that_are_open),
        WORLD_TEST(test_no_later_rulebook_brings_a_synthetic_appeal_to_a_person),
        WORLD_TEST(test_a_synthetic_appeal_that_would_reach_people_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "router_world.h"

#include "routing/agent_class.h"
#include "routing/router_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rulebook_one[] =
    "rulebook: one\n"
    "seed: 7\n"
    "defaults: { deadline: 72h, dedupe_window: 7d }\n"
    "queues:\n"
    "  fraud: { deliver: agent, topic: assignments.fraud, needs: { skills: { fraud: 2 } } }\n"
    "  general: { deliver: agent, choose: [lowest_load, best_language, longest_idle] }\n"
    "  inbox: { deliver: queue }\n"
    "rules:\n"
    "  - { name: fraud, when: { reason: fraud }, route: { queue: fraud, priority: 2, deadline: 48h "
    "} }\n"
    "  - { name: inbox, when: { reason: bulk }, route: { queue: inbox } }\n"
    "  - { name: rest, route: { queue: general } }\n";

static const char rulebook_without_fraud[] = "rulebook: two\n"
                                             "seed: 7\n"
                                             "queues:\n"
                                             "  general: { deliver: agent }\n"
                                             "rules:\n"
                                             "  - { name: rest, route: { queue: general } }\n";

static const char rulebook_of_orders[] =
    "rulebook: orders\n"
    "seed: 7\n"
    "defaults: { age_step: 1h }\n"
    "queues:\n"
    "  soonest: { order: deadline }\n"
    "  urgent: { order: priority, floors: { level: 4, skills: { appeals: 1 } } }\n"
    "  shared: { order: arrival, overdue_share: 50 }\n"
    "rules:\n"
    "  - { name: soonest, when: { reason: soonest }, route: { queue: soonest } }\n"
    "  - { name: shared, when: { reason: shared }, route: { queue: shared } }\n"
    "  - { name: rest, route: { queue: urgent } }\n";

#define AGENT(id, capacity)                                                                        \
    "{\"type\":\"agent.updated\",\"agent_id\":\"" id "\",\"capacity\":" #capacity                  \
    ",\"languages\":[\"pt-BR\"],\"markets\":[\"*\"],\"skills\":{\"fraud\":2}}"
#define AGENT_OF_APPEALS(id, level, skill)                                                         \
    "{\"type\":\"agent.updated\",\"agent_id\":\"" id "\",\"capacity\":2,"                          \
    "\"languages\":[{\"tag\":\"pt\",\"level\":" #level "}],\"markets\":[\"*\"],"                   \
    "\"skills\":{\"" skill "\":2}}"
#define APPEAL(id)                                                                                 \
    "{\"type\":\"appeal.submitted\",\"appeal_id\":\"" id                                           \
    "\",\"market\":\"BR\",\"languages\":[\"pt-BR\"],\"reason\":\"other\"}"
#define APPEAL_WITH(id, members)                                                                   \
    "{\"type\":\"appeal.submitted\",\"appeal_id\":\"" id                                           \
    "\",\"market\":\"BR\",\"languages\":[\"pt-BR\"]," members "}"
#define UPDATE(id, members) "{\"type\":\"appeal.updated\",\"appeal_id\":\"" id "\"," members "}"
#define WITHDRAW(id) "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"" id "\"}"
#define REVIEW(type, id, agent, epoch)                                                             \
    "{\"type\":\"assignment." type "\",\"appeal_id\":\"" id "\",\"agent_id\":\"" agent             \
    "\",\"epoch\":" #epoch "}"
#define DECIDE(id, members)                                                                        \
    "{\"type\":\"appeal.decided\",\"appeal_id\":\"" id "\",\"outcome\":\"upheld\"" members "}"
#define STATUS(id, status)                                                                         \
    "{\"type\":\"agent.status\",\"agent_id\":\"" id "\",\"status\":\"" status "\"}"
#define REMOVE(id) "{\"type\":\"agent.removed\",\"agent_id\":\"" id "\"}"

static int setup(void **state)
{
    *state = world_new(rulebook_one);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void test_an_appeal_goes_to_an_agent_who_may_take_it(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_expect(world, "created a-1 ana 1");
}

static void test_what_nobody_can_take_waits_and_is_given_out_when_somebody_can(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_expect(world, "waiting a-1\nwaiting a-2");
    world_send(world, AGENT("ana", 1));
    world_expect(world, "created a-1 ana 1");
    world_send(world, DECIDE("a-1", ""));
    world_expect(world, "closed a-1 ana 1 decided\ncreated a-2 ana 1");
}

static void test_a_second_submission_is_ignored_even_after_the_end(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-1"));
    world_send(world, WITHDRAW("a-1"));
    world_send(world, APPEAL("a-1"));
    world_send(world, WITHDRAW("a-1"));
    world_expect(world, "waiting a-1\nignored a-1 repeat\nclosed a-1 withdrawn\n"
                        "ignored a-1 repeat\nignored a-1 closed");
}

static void test_a_closed_appeal_is_forgotten_after_the_dedupe_window(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1"));
    world_send(world, WITHDRAW("a-1"));
    world_answers(world);
    world_pass(world, INT64_C(7) * 24 * 3600 * 1000 - 1);
    assert_false(world_tick(world));
    assert_non_null(world_find_ledger(world, "appeal:a-1")->value);
    world_pass(world, 1);
    assert_int_equal(aro_router_next_due(world->router).ms, world->now.ms);
    world_tick(world);
    assert_null(world_find_ledger(world, "appeal:a-1")->value);
    assert_string_equal(world_find_ledger(world, "appeal:a-1")->source, "timer");
    world_send(world, WITHDRAW("a-1"));
    world_expect(world, "ignored a-1 unknown");
}

static void test_who_made_the_decision_or_is_excluded_is_never_chosen(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 5));
    world_send(world, AGENT("rui", 5));
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"x\",\"decision\":{\"id\":\"d\","
                                         "\"decided_by\":\"ana\"},\"exclude\":[\"rui\"]"));
    world_expect(world, "waiting a-1");
    world_send(world, APPEAL_WITH("a-2", "\"reason\":\"x\",\"exclude\":[\"ana\"]"));
    world_expect(world, "created a-2 rui 1");
    world_send(world, AGENT("eva", 1));
    world_expect(world, "created a-1 eva 1");
}

static void test_an_effort_too_big_lets_smaller_ones_pass(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 3));
    world_send(world, APPEAL_WITH("big", "\"reason\":\"x\",\"effort\":4"));
    world_send(world, APPEAL_WITH("a-2", "\"reason\":\"x\",\"effort\":2"));
    world_send(world, APPEAL_WITH("a-3", "\"reason\":\"x\",\"effort\":2"));
    world_send(world, APPEAL_WITH("a-4", "\"reason\":\"x\",\"effort\":1"));
    world_expect(world, "waiting big\ncreated a-2 ana 1\nwaiting a-3\ncreated a-4 ana 1");
}

static void test_an_agent_who_gave_it_back_is_not_asked_again_at_once(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_send(world, REVIEW("returned", "a-1", "ana", 1));
    world_expect(world, "created a-1 ana 1\nwaiting a-1");
    world_send(world, AGENT("rui", 2));
    world_expect(world, "created a-1 rui 2");
}

static void test_when_all_gave_it_back_they_are_asked_again_after_a_while(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_send(world, REVIEW("returned", "a-1", "ana", 1));
    world_answers(world);
    world_pass(world, 10 * 60 * 1000 - 1);
    world_tick(world);
    world_expect(world, "");
    world_pass(world, 1);
    world_tick(world);
    world_expect(world, "created a-1 ana 2");
    assert_string_equal(world_find(world, "assignment.created")->id, "a-1/in/0/1/timer/1");
}

static void test_reviews_of_another_epoch_or_person_are_stale(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_answers(world);
    world_send(world, REVIEW("returned", "a-1", "ana", 2));
    world_send(world, REVIEW("declined", "a-1", "rui", 1));
    world_send(world, REVIEW("accepted", "a-1", "rui", 1));
    world_send(world, REVIEW("accepted", "a-1", "ana", 1));
    world_send(world, DECIDE("a-1", ",\"epoch\":2"));
    world_send(world, REVIEW("returned", "a-9", "ana", 1));
    world_expect(world, "ignored a-1 stale\nignored a-1 stale\nignored a-1 stale\n"
                        "ignored a-1 repeat\nignored a-1 stale\nignored a-9 unknown");
    world_send(world, DECIDE("a-1", ",\"epoch\":1"));
    world_expect(world, "closed a-1 ana 1 decided");
}

static void test_a_removed_agent_loses_what_they_held_and_it_goes_on(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_send(world, APPEAL("a-3"));
    world_answers(world);
    world_send(world, REMOVE("ana"));
    world_expect(world, "revoked a-1 ana 1 removed\nrevoked a-2 ana 1 removed\n"
                        "waiting a-1\nwaiting a-2");
    assert_null(world_find_ledger(world, "agent:ana")->value);
    world_send(world, REMOVE("ana"));
    world_send(world, STATUS("ana", "away"));
    world_expect(world, "ignored ana ana unknown\nignored ana ana unknown");
    world_send(world, AGENT("rui", 1));
    world_expect(world, "created a-1 rui 2");
}

static void test_only_the_available_get_something_new(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, STATUS("ana", "draining"));
    world_send(world, STATUS("ana", "draining"));
    world_send(world, APPEAL("a-1"));
    world_expect(world, "ignored ana ana repeat\nwaiting a-1");
    world_send(world, STATUS("ana", "available"));
    world_expect(world, "created a-1 ana 1");
}

static void test_an_update_keeps_the_status_and_the_same_again_is_a_repeat(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, AGENT("ana", 2));
    world_send(world, STATUS("ana", "away"));
    world_send(world, AGENT("ana", 3));
    world_send(world, APPEAL("a-1"));
    world_expect(world, "ignored ana ana repeat\nwaiting a-1");
}

static void test_lowered_capacity_takes_nothing_away_and_gives_nothing_new(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-3"));
    world_expect(world, "created a-1 ana 1\ncreated a-2 ana 1\nwaiting a-3");
    world_send(world, DECIDE("a-1", ""));
    world_expect(world, "closed a-1 ana 1 decided");
    world_send(world, DECIDE("a-2", ""));
    world_expect(world, "closed a-2 ana 1 decided\ncreated a-3 ana 1");
}

static void test_withdrawing_revokes_what_somebody_holds(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_answers(world);
    world_send(world, WITHDRAW("a-1"));
    world_expect(world, "revoked a-1 ana 1 withdrawn\nclosed a-1 1 withdrawn\ncreated a-2 ana 1");
}

static void test_a_queue_that_takes_its_own_gets_everything_at_once(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"bulk\""));
    json_t *body = world_body(world, "assignment.created");
    assert_true(json_is_null(json_object_get(body, "agent_id")));
    json_decref(body);
    world_send(world, REVIEW("returned", "a-1", "team", 1));
    world_send(world, REVIEW("accepted", "a-1", "team", 2));
    world_send(world, DECIDE("a-1", ",\"agent_id\":\"zoe\",\"epoch\":2"));
    world_expect(world, "created a-1 1\ncreated a-1 2\nignored a-1 stale\n"
                        "closed a-1 zoe 2 decided");
}

static void test_a_held_appeal_keeps_its_place_but_is_not_given_out(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_send(world, UPDATE("a-1", "\"on_hold\":true"));
    world_send(world, UPDATE("a-1", "\"on_hold\":true"));
    world_send(world, AGENT("ana", 1));
    world_expect(world, "waiting a-1\nwaiting a-2\nheld a-1 on_hold\nignored a-1 repeat\n"
                        "created a-2 ana 1");
    world_send(world, APPEAL("a-3"));
    world_send(world, UPDATE("a-1", "\"on_hold\":false"));
    world_send(world, DECIDE("a-2", ""));
    world_expect(world, "waiting a-3\nresumed a-1 on_hold\nclosed a-2 ana 1 decided\n"
                        "created a-1 ana 1");
}

static void test_an_update_routes_a_waiting_appeal_anew_and_keeps_its_arrival(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL_WITH("a-2", "\"reason\":\"fraud\""));
    world_send(world, UPDATE("a-1", "\"reason\":\"fraud\""));
    world_expect(world, "waiting a-1\nwaiting a-2\nrerouted a-1 general fraud updated\n"
                        "waiting a-1");
    world_send(world, AGENT("ana", 1));
    world_expect(world, "created a-1 ana 1");
    assert_string_equal(world_find(world, "assignment.created")->topic, "assignments.fraud");
}

static void test_excluding_the_holder_revokes_and_passes_on(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    world_send(world, UPDATE("a-1", "\"exclude\":[\"zoe\"]"));
    world_send(world, AGENT("rui", 1));
    world_send(world, UPDATE("a-1", "\"exclude\":[\"ana\"]"));
    world_send(world, UPDATE("a-1", "\"exclude\":[\"ana\"]"));
    world_expect(world, "created a-1 ana 1\nrevoked a-1 ana 1 independence\ncreated a-1 rui 2\n"
                        "ignored a-1 repeat");
}

static void test_a_reload_reroutes_what_waits_in_a_queue_that_is_gone(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"fraud\""));
    world_answers(world);
    world_reload(world, rulebook_without_fraud);
    world_expect(world, "rerouted a-1 fraud general queue_gone\nwaiting a-1");
    assert_string_equal(world_find(world, "appeal.rerouted")->source, "control");
    assert_non_null(world_find_ledger(world, "rulebook"));
    assert_string_equal(aro_router_recorded_rulebook_name(world->router), "two");
}

static void test_a_reload_gives_out_what_can_be_given_now(void **state)
{
    struct world *world = *state;
    world_send(world, "{\"type\":\"agent.updated\",\"agent_id\":\"rui\",\"capacity\":1,"
                      "\"languages\":[\"pt\"],\"markets\":[\"BR\"]}");
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"fraud\""));
    world_expect(world, "waiting a-1");
    world_reload(world, rulebook_without_fraud);
    world_expect(world, "rerouted a-1 fraud general queue_gone\ncreated a-1 rui 1");
}

static void test_an_assignment_says_why(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, AGENT("rui", 4));
    world_send(world, AGENT("full", 0));
    world_send(world, AGENT("away", 2));
    world_send(world, STATUS("away", "away"));
    world_send(world, "{\"type\":\"agent.updated\",\"agent_id\":\"ines\",\"capacity\":1,"
                      "\"languages\":[\"es\"],\"markets\":[\"BR\"]}");
    world_send(world, "{\"type\":\"agent.updated\",\"agent_id\":\"joe\",\"capacity\":1,"
                      "\"languages\":[\"pt\"],\"markets\":[\"US\"]}");
    world_send(world, "{\"type\":\"agent.updated\",\"agent_id\":\"elsewhere\",\"capacity\":1,"
                      "\"languages\":[\"pt\"],\"markets\":[\"BR\"],\"queues\":[\"fraud\"]}");
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"x\",\"exclude\":[\"away\",\"nobody\"]"));
    world_expect(world, "created a-1 rui 1");
    json_t *body = world_body(world, "assignment.created");
    char *why = json_dumps(json_object_get(body, "why"), JSON_COMPACT);
    assert_string_equal(why, "{\"pool\":6,\"by_filter\":{\"market\":1,\"language\":1,"
                             "\"independence\":1,\"capacity\":1},\"step\":1,"
                             "\"criterion\":\"lowest_load\",\"runner_up\":\"ana\"}");
    free(why);
    json_decref(body);
}

static void test_records_carry_their_source_and_a_repeatable_id(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    const struct aro_record *record = world_find(world, "assignment.created");
    assert_string_equal(record->source, "in/0/1");
    assert_string_equal(record->id, "in/0/1/0");
    assert_string_equal(record->time, "2026-11-22T10:00:00.000Z");
    assert_string_equal(world_find_ledger(world, "appeal:a-1")->source, "in/0/1");
}

static void set_tie(struct world *world, const char *agent_id, uint64_t tie)
{
    struct agent *agent = table_find(&world->router->agents, agent_id);

    assert_non_null(agent);
    agent_lift(agent);
    agent->ties[world->router->arrangement.side] = tie;
    agent_put(world->router, agent);
}

/* Two hashes of 64 bits are hardly ever equal by themselves. */
static void test_where_even_the_hashes_are_equal_the_lower_id_decides(void **state)
{
    struct world *world = *state;
    json_t *body, *why;

    world_send(world, AGENT("rui", 1));
    world_send(world, AGENT("ana", 1));
    set_tie(world, "rui", 7);
    set_tie(world, "ana", 7);
    world_send(world, APPEAL("a-1"));
    body = world_body(world, "assignment.created");
    why = json_object_get(body, "why");
    assert_string_equal(json_string_value(json_object_get(body, "agent_id")), "ana");
    assert_string_equal(json_string_value(json_object_get(why, "criterion")), "id");
    assert_string_equal(json_string_value(json_object_get(why, "runner_up")), "rui");
    json_decref(body);
}

static void test_the_ledger_restored_in_any_order_gives_the_same_router(void **state)
{
    struct world *world = *state;
    struct aro_router *copy = NULL;
    struct aro_error error = { 0 };

    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"x\",\"attributes\":{\"b\":[\"p\",\"q\"],"
                                         "\"a\":1.5,\"c\":true},\"exclude\":[\"zoe\"]"));
    world_send(world, APPEAL("a-2"));
    world_send(world, APPEAL_WITH("a-3", "\"reason\":\"bulk\""));
    world_send(world, APPEAL("a-4"));
    world_send(world, WITHDRAW("a-4"));
    world_send(world, APPEAL("a-5"));
    world_send(world, UPDATE("a-5", "\"on_hold\":true"));
    aro_router_seal(world->router, world->effects);

    assert_int_equal(aro_router_new(world->languages, world->rulebooks[0], &copy), 0);
    for (size_t i = aro_effects_record_count(world->effects); i-- > 0;) {
        const struct aro_record *record = aro_effects_record_at(world->effects, i);
        if (record->kind != ARO_RECORD_LEDGER || world_find_ledger(world, record->key) != record)
            continue; /* compacted away */
        if (aro_router_restore(copy, record->key, record->value, record->value_length, &error))
            fail_msg("%s", error.message);
    }
    json_t *counters = aro_router_counters_get(world->router);
    assert_int_equal(aro_router_counters_set(copy, counters), 0);
    json_decref(counters);
    char *one = world_dump(world->router), *other = world_dump(copy);
    assert_string_equal(one, other);
    free(one);
    free(other);
    aro_router_free(copy);
}

static void test_an_undone_batch_leaves_no_trace(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_seal(world);
    char *before = world_dump(world->router);
    world_send(world, DECIDE("a-1", ""));
    world_send(world, REMOVE("ana"));
    world_send(world, AGENT("ana", 5));
    world_send(world, APPEAL("a-3"));
    world_send(world, AGENT("rui", 5));
    world_send(world, UPDATE("a-2", "\"exclude\":[\"ana\"]"));
    aro_router_undo(world->router, world->effects);
    char *after = world_dump(world->router);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static int place_of_earliest(const int64_t *times, int count)
{
    int earliest = 0;
    for (int i = 1; i < count; i++)
        earliest = times[i] < times[earliest] ? i : earliest;
    return earliest;
}

/* Enough in one line that its tree is deep, and taken out in an order that is none. */
static void test_a_queue_knows_its_earliest_deadline_whatever_leaves_the_line(void **state)
{
    struct world *world = *state;
    enum { COUNT = 200 };
    int64_t deadlines[COUNT];
    char json[256], time[ARO_INSTANT_TEXT_SIZE];
    struct aro_queue_view view;

    for (int i = 0; i < COUNT; i++) {
        deadlines[i] = world->now.ms + (i * 7919 + 31) % 1009 * 1000;
        aro_instant_format((struct aro_instant){ deadlines[i] }, time);
        snprintf(json, sizeof json, APPEAL_WITH("a-%d", "\"reason\":\"x\",\"deadline\":\"%s\""), i,
                 time);
        world_send(world, json);
    }
    for (int i = 0; i < COUNT; i++) {
        int at = place_of_earliest(deadlines, COUNT);
        assert_true(aro_router_queue_view(world->router, "general", &view));
        assert_int_equal(view.next_deadline.ms, deadlines[at]);
        if (i % 3 == 0 && deadlines[i] != INT64_MAX)
            at = i; /* not always the earliest */
        snprintf(json, sizeof json, WITHDRAW("a-%d"), at);
        world_send(world, json);
        deadlines[at] = INT64_MAX;
    }
    assert_true(aro_router_queue_view(world->router, "general", &view));
    assert_true(aro_instant_is_never(view.next_deadline));
}

static void test_a_damaged_ledger_record_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *key, *value;
    } rows[] = {
        { "appeal:a-1", "{\"v\":1" },
        { "appeal:a-1", "{\"v\":2,\"state\":\"waiting\"}" },
        { "appeal:a-1", "{\"v\":1,\"state\":\"lost\"}" },
        { "appeal:a-1", "{\"v\":1,\"state\":\"waiting\",\"queue\":\"general\"}" },
        { "appeal:a-1", "{\"v\":1,\"state\":\"closed\",\"outcome\":\"upheld\"}" },
        { "agent:ana", "{\"v\":1,\"status\":\"asleep\"}" },
        { "agent:ana",
          "{\"v\":1,\"status\":\"away\",\"languages\":[{\"tag\":\"pt\",\"level\":9}]}" },
        { "rulebook", "{\"v\":1,\"name\":7}" },
        { "market:BR", "{\"v\":1,\"paused\":1}" },
        { "market:BR", "{\"v\":1,\"launch\":\"full\"}" },
        { "market:BR", "{\"v\":1,\"job\":\"rest\"}" },
        { "market:*", "{\"v\":1,\"job\":\"hold\"}" },
        { "nothing:x", "{\"v\":1}" },
    };
    world_send(world, APPEAL("a-1"));
    world_send(world, AGENT("ana", 0));
    char *before = world_dump(world->router);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aro_error error = { 0 };
        if (aro_router_restore(world->router, rows[i].key, rows[i].value, strlen(rows[i].value),
                               &error) == 0)
            fail_msg("%s %s was taken", rows[i].key, rows[i].value);
        assert_string_not_equal(error.message, "");
    }
    char *after = world_dump(world->router);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static const char rulebook_of_offers[] =
    "rulebook: offers\n"
    "seed: 7\n"
    "queues:\n"
    "  hot: { offer: { expires: 2m, declines_max: 2, misses_max: 2, retry_after: 5m },\n"
    "         ladder: [ { for: 10m, level: 5 }, { for: 10m, sites: [moon] }, { level: 1 } ] }\n"
    "rules: [ { name: rest, route: { queue: hot } } ]\n";

static int setup_offers(void **state)
{
    *state = world_new(rulebook_of_offers);
    return 0;
}

enum { MINUTE = 60 * 1000 };

static void test_an_accepted_offer_is_an_assignment_of_the_same_epoch(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    world_expect(world, "offered a-1 ana 1");
    json_t *body = world_body(world, "assignment.offered");
    assert_string_equal(json_string_value(json_object_get(body, "offer_expires_at")),
                        "2026-11-22T10:02:00.000Z");
    json_decref(body);
    world_send(world, REVIEW("accepted", "a-1", "rui", 1));
    world_send(world, REVIEW("accepted", "a-1", "ana", 1));
    world_send(world, REVIEW("accepted", "a-1", "ana", 1));
    world_expect(world, "ignored a-1 stale\ncreated a-1 ana 1\nignored a-1 repeat");
    body = world_body(world, "assignment.created");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(body, "why"), "pool")), 1);
    json_decref(body);
    world_pass(world, 60 * MINUTE);
    world_tick(world);
    world_expect(world, "");
}

static void test_an_offer_holds_capacity_until_it_expires(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_expect(world, "offered a-1 ana 1\nwaiting a-2");
    world_pass(world, 2 * MINUTE - 1);
    world_tick(world);
    world_expect(world, "");
    world_pass(world, 1);
    world_tick(world);
    world_expect(world, "revoked a-1 ana 1 expired\noffered a-2 ana 1\nwaiting a-1");
    world_send(world, REVIEW("accepted", "a-1", "ana", 1));
    world_expect(world, "ignored a-1 stale");
}

static void test_an_accept_read_in_time_counts_however_late_the_timer(void **state)
{
    struct world *world = *state;
    struct aro_instant in_time;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    in_time = world->now;
    world_pass(world, 60 * MINUTE);
    aro_router_tick(world->router, world->now, in_time, 10, world->effects);
    world_send(world, REVIEW("accepted", "a-1", "ana", 1));
    world_expect(world, "offered a-1 ana 1\ncreated a-1 ana 1");
}

static void test_who_ignores_offers_is_taken_to_be_away(void **state)
{
    struct world *world = *state;
    struct aro_agent_view view;
    world_send(world, AGENT("ana", 1));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    for (int i = 0; i < 2; i++) {
        world_pass(world, 2 * MINUTE);
        world_tick(world);
    }
    assert_true(aro_router_agent_view(world->router, "ana", &view));
    assert_int_equal(view.status, ARO_AGENT_AWAY);
    assert_int_equal(view.used, 0);
}

static void test_an_appeal_that_too_many_declined_goes_up_a_step(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 1));
    world_send(world, AGENT("rui", 1));
    world_send(world, AGENT("eva", 1));
    world_send(world, APPEAL("a-1"));
    world_answers(world);
    for (unsigned epoch = 1; epoch <= 2; epoch++) {
        json_t *body = world_body(world, "assignment.offered");
        char json[200];
        snprintf(json, sizeof json,
                 "{\"type\":\"assignment.declined\",\"appeal_id\":\"a-1\",\"agent_id\":\"%s\","
                 "\"epoch\":%u}",
                 json_string_value(json_object_get(body, "agent_id")), epoch);
        world_send(world, json);
        json_decref(body);
    }
    json_t *body = world_body(world, "appeal.escalated");
    char *text = json_dumps(body, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"appeal_id\":\"a-1\",\"queue\":\"hot\",\"step\":3,\"skipped\":[2]}");
    free(text);
    json_decref(body);
}

static void test_a_step_that_nobody_can_fill_is_skipped_but_not_one_with_a_shift_in_it(void **state)
{
    struct world *world = *state;
    world_send(world, "{\"type\":\"agent.updated\",\"agent_id\":\"lua\",\"capacity\":1,"
                      "\"languages\":[\"pt\"],\"markets\":[\"BR\"],\"site\":\"moon\",\"status\":"
                      "\"away\",\"shifts\":[{\"start\":\"2026-11-22T10:05:00Z\",\"end\":"
                      "\"2026-11-22T18:00:00Z\"}]}");
    world_send(world, APPEAL("a-1"));
    world_expect(world, "waiting a-1");
    world_send(world, STATUS("lua", "available"));
    world_expect(world, "");
    world_pass(world, 5 * MINUTE);
    world_tick(world);
    world_expect(world, "offered a-1 lua 1");
    world_send(world, REMOVE("lua"));
    world_expect(world, "revoked a-1 lua 1 removed\nescalated a-1\nwaiting a-1");
}

static void test_an_older_appeal_reaches_more_people_step_by_step(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("busy", 1));
    world_send(world, APPEAL("a-0"));
    world_send(world, REVIEW("accepted", "a-0", "busy", 1));
    world_send(world, AGENT_OF_APPEALS("low", 3, "x"));
    world_send(world, APPEAL("a-1"));
    world_expect(world, "offered a-0 busy 1\ncreated a-0 busy 1\nwaiting a-1");
    world_pass(world, 10 * MINUTE);
    world_tick(world);
    world_expect(world, "escalated a-1\noffered a-1 low 1");
}

static void test_on_hold_the_steps_do_not_pass(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("busy", 1));
    world_send(world, APPEAL("a-0"));
    world_send(world, APPEAL("a-1"));
    world_send(world, UPDATE("a-0", "\"on_hold\":true"));
    world_expect(world, "offered a-0 busy 1\nwaiting a-1\nrevoked a-0 busy 1 on_hold\n"
                        "held a-0 on_hold\noffered a-1 busy 1");
    world_send(world, REVIEW("accepted", "a-1", "busy", 1));
    world_pass(world, 15 * MINUTE);
    world_tick(world);
    world_send(world, UPDATE("a-0", "\"on_hold\":false"));
    world_expect(world, "created a-1 busy 1\nresumed a-0 on_hold\nwaiting a-0");
    world_pass(world, 10 * MINUTE);
    world_tick(world);
    world_expect(world, "escalated a-0");
}

static void test_an_overdue_appeal_says_so_once(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"x\",\"deadline\":\"2026-11-22T10:01:00Z\""));
    world_answers(world);
    world_pass(world, MINUTE);
    world_tick(world);
    world_expect(world, "overdue a-1");
    world_pass(world, MINUTE);
    world_tick(world);
    world_expect(world, "");
}

static int setup_orders(void **state)
{
    *state = world_new(rulebook_of_orders);
    return 0;
}

static void test_the_soonest_deadline_is_first_where_the_queue_says_so(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL_WITH("late", "\"reason\":\"soonest\",\"deadline\":"
                                          "\"2026-11-24T00:00:00Z\""));
    world_send(world, APPEAL_WITH("never", "\"reason\":\"soonest\""));
    world_send(world, APPEAL_WITH("soon", "\"reason\":\"soonest\",\"deadline\":"
                                          "\"2026-11-23T00:00:00Z\""));
    world_answers(world);
    world_send(world, AGENT("ana", 3));
    world_expect(world, "created soon ana 1\ncreated late ana 1\ncreated never ana 1");
}

static void test_an_overdue_one_within_its_share_keeps_its_place_in_order(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL_WITH("one", "\"reason\":\"shared\""));
    world_send(world, APPEAL_WITH("two", "\"reason\":\"shared\""));
    world_send(world, APPEAL_WITH("first", "\"reason\":\"shared\""));
    world_send(world, APPEAL_WITH("overdue", "\"reason\":\"shared\",\"deadline\":"
                                             "\"2026-11-22T10:01:00Z\""));
    world_pass(world, MINUTE);
    world_tick(world);
    world_answers(world);
    world_send(world, DECIDE("one", ""));
    world_expect(world, "closed one ana 1 decided\ncreated first ana 1");
    world_send(world, DECIDE("two", ""));
    world_expect(world, "closed two ana 1 decided\ncreated overdue ana 1");
}

static void test_what_is_urgent_is_first_until_age_has_made_up_for_it(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL_WITH("old", "\"reason\":\"x\""));
    world_pass(world, 90 * 60 * 1000);
    world_send(world, APPEAL_WITH("one", "\"reason\":\"x\",\"priority\":1"));
    world_send(world, APPEAL_WITH("two", "\"reason\":\"x\",\"priority\":2"));
    world_answers(world);
    world_send(world, AGENT_OF_APPEALS("ana", 4, "appeals"));
    world_expect(world, "created two ana 1\ncreated old ana 1");
}

static void test_nobody_below_a_floor_is_chosen(void **state)
{
    struct world *world = *state;
    world_send(world, AGENT_OF_APPEALS("low", 3, "appeals"));
    world_send(world, AGENT_OF_APPEALS("unskilled", 5, "other"));
    world_send(world, APPEAL_WITH("a-1", "\"reason\":\"x\""));
    world_expect(world, "waiting a-1");
    json_t *body = world_body(world, "appeal.waiting");
    char *why = json_dumps(json_object_get(body, "why"), JSON_COMPACT);
    assert_string_equal(
        why, "{\"pool\":2,\"by_filter\":{\"level\":1,\"skills\":1},\"eligible_at_last_step\":0}");
    free(why);
    json_decref(body);
}

static void test_a_reload_puts_a_line_in_its_new_order(void **state)
{
    struct world *world = *state;
    world_send(world, APPEAL_WITH("plain", "\"reason\":\"x\""));
    world_send(world, APPEAL_WITH("urgent", "\"reason\":\"x\",\"priority\":9"));
    world_answers(world);
    world_reload(world, "rulebook: by arrival\nqueues: { urgent: {} }\n"
                        "rules: [ { name: rest, route: { queue: urgent } } ]\n");
    world_send(world, AGENT("ana", 1));
    world_expect(world, "created plain ana 1");
}

static void test_what_somebody_away_holds_is_reclaimed_after_a_while(void **state)
{
    struct world *world = *state;
    world_reload(world, "rulebook: reclaim\nqueues: { general: { reclaim_after: 8h } }\n"
                        "rules: [ { name: rest, route: { queue: general } } ]\n");
    world_send(world, AGENT("ana", 2));
    world_send(world, APPEAL("a-1"));
    world_send(world, APPEAL("a-2"));
    world_send(world, STATUS("ana", "away"));
    world_pass(world, 4 * 60 * MINUTE);
    world_send(world, STATUS("ana", "draining"));
    world_send(world, STATUS("ana", "away"));
    world_pass(world, 8 * 60 * MINUTE - 1);
    world_tick(world);
    world_expect(world, "created a-1 ana 1\ncreated a-2 ana 1");
    world_pass(world, 1);
    world_tick(world);
    world_expect(world, "revoked a-1 ana 1 reclaimed\nwaiting a-1\n"
                        "revoked a-2 ana 1 reclaimed\nwaiting a-2");
}

/* Restores the newest ledger records of @effects into @router. */
static void follow(struct aro_router *router, const struct aro_effects *effects)
{
    struct aro_error error;
    for (size_t i = 0; i < aro_effects_record_count(effects); i++) {
        const struct aro_record *record = aro_effects_record_at(effects, i);
        if (record->kind == ARO_RECORD_LEDGER &&
            aro_router_restore(router, record->key, record->value, record->value_length, &error))
            fail_msg("%s", error.message);
    }
}

/* The owner is lost in the middle of a reload, another goes on with it, and the first comes back,
 * having put @limit appeals after the other in order until then. */
static void assert_the_overtaken_serves_in_the_new_order(struct world *world, unsigned limit)
{
    const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    struct aro_router *other;
    struct aro_effects *effects;
    world_send(world, APPEAL_WITH("first", "\"reason\":\"x\""));
    world_send(world, APPEAL_WITH("second", "\"reason\":\"x\""));
    world_send(world, APPEAL_WITH("urgent", "\"reason\":\"x\",\"priority\":9"));
    const struct aro_rulebook *by_arrival =
        world_parse(world, "rulebook: by arrival\nqueues: { urgent: {} }\n"
                           "rules: [ { name: rest, route: { queue: urgent } } ]\n");
    aro_router_set_rulebook(world->router, world->now, by_arrival, &source, world->effects);
    assert_true(aro_router_work(world->router, world->now, 1, world->effects));
    aro_router_seal(world->router, world->effects);

    assert_int_equal(aro_router_new(world->languages, by_arrival, &other), 0);
    follow(other, world->effects);
    assert_int_equal(aro_effects_new(&effects), 0);
    while (aro_router_work(other, world->now, 1, effects))
        continue;
    aro_router_seal(other, effects);
    follow(world->router, effects);
    aro_effects_free(effects);
    aro_router_free(other);

    aro_effects_free(world->effects);
    assert_int_equal(aro_effects_new(&world->effects), 0);
    world->seen = 0;
    assert_false(aro_router_has_work(world->router));
    if (limit > 0)
        assert_true(aro_router_prepare(world->router, NULL, limit));
    world_send(world, AGENT("ana", 3));
    world_expect(world, "created first ana 1\ncreated second ana 1\ncreated urgent ana 1");
}

static void test_who_was_overtaken_in_the_middle_of_a_reload_serves_in_the_new_order(void **state)
{
    assert_the_overtaken_serves_in_the_new_order(*state, 0);
}

static void test_who_was_overtaken_may_be_in_the_middle_of_putting_it_in_order(void **state)
{
    assert_the_overtaken_serves_in_the_new_order(*state, 1);
}

static size_t count_moved(const struct aro_router *router)
{
    const struct agent *agent;
    size_t count = 0;

    TAILQ_FOREACH(agent, &router->arrangement.agents, of_router)
    {
        count += agent->arranged_in == router->arrangement.pass;
    }
    return count;
}

/* Moves one agent with each call, until @next may decide. */
static void prepare_one_by_one(struct aro_router *router, const struct aro_rulebook *next)
{
    for (size_t expected = 1; aro_router_prepare(router, next, 1); expected++)
        assert_int_equal(count_moved(router), expected);
}

#define AGENT_OF_TEAM(id, team)                                                                    \
    "{\"type\":\"agent.updated\",\"agent_id\":\"" id "\",\"capacity\":2,\"languages\":[\"pt\"],"   \
    "\"markets\":[\"BR\"],\"team\":\"" team "\"}"

static void test_a_reload_that_was_prepared_moves_nobody_when_it_comes(void **state)
{
    const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    struct world *world = *state;
    const struct aro_rulebook *next =
        world_parse(world, "rulebook: two\nseed: 2\nqueues: { general: { choose: [fewest_open], "
                           "independence: [agent, team] } }\n"
                           "rules: [ { name: rest, route: { queue: general } } ]\n");
    world_send(world, AGENT_OF_TEAM("ana", "one"));
    world_send(world, AGENT_OF_TEAM("rui", "two"));
    world_send(world, AGENT_OF_TEAM("zoe", "two"));
    prepare_one_by_one(world->router, next);
    uint32_t pass = world->router->arrangement.pass;
    assert_int_equal(count_moved(world->router), 3);
    aro_router_set_rulebook(world->router, world->now, next, &source, world->effects);
    assert_int_equal(world->router->arrangement.pass, pass);
    prepare_one_by_one(world->router, NULL);
    assert_true(world->router->arrangement.pass >
                pass); /* they have left what the old one needed */
    assert_false(aro_router_prepare(world->router, NULL, 0));
}

static void test_a_reload_may_begin_to_ask_for_a_site(void **state)
{
    struct world *world = *state;
    static const char agent[] = "{\"type\":\"agent.updated\",\"agent_id\":\"%s\",\"capacity\":9,"
                                "\"languages\":[\"pt\"],\"markets\":[\"BR\"],\"site\":\"%s\"}";
    char json[256];
    snprintf(json, sizeof json, agent, "lua", "moon");
    world_send(world, json);
    snprintf(json, sizeof json, agent, "terra", "earth");
    world_send(world, json);
    world_reload(world, "rulebook: moon\nqueues: { general: { ladder: [ { sites: [moon] } ] } }\n"
                        "rules: [ { name: rest, route: { queue: general } } ]\n");
    for (int i = 0; i < 3; i++) {
        snprintf(json, sizeof json, APPEAL("a-%d"), i);
        world_send(world, json);
    }
    world_expect(world, "created a-0 lua 1\ncreated a-1 lua 1\ncreated a-2 lua 1");
    world_reload(world, rulebook_without_fraud);
    world_send(world, APPEAL("a-3"));
    world_expect(world, "created a-3 terra 1");
}

#define OFFERS_TEST(function) cmocka_unit_test_setup_teardown(function, setup_offers, teardown)
#define ORDERS_TEST(function) cmocka_unit_test_setup_teardown(function, setup_orders, teardown)
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_an_appeal_goes_to_an_agent_who_may_take_it),
        WORLD_TEST(test_what_nobody_can_take_waits_and_is_given_out_when_somebody_can),
        WORLD_TEST(test_a_second_submission_is_ignored_even_after_the_end),
        WORLD_TEST(test_a_closed_appeal_is_forgotten_after_the_dedupe_window),
        WORLD_TEST(test_who_made_the_decision_or_is_excluded_is_never_chosen),
        WORLD_TEST(test_an_effort_too_big_lets_smaller_ones_pass),
        WORLD_TEST(test_an_agent_who_gave_it_back_is_not_asked_again_at_once),
        WORLD_TEST(test_when_all_gave_it_back_they_are_asked_again_after_a_while),
        WORLD_TEST(test_reviews_of_another_epoch_or_person_are_stale),
        WORLD_TEST(test_a_removed_agent_loses_what_they_held_and_it_goes_on),
        WORLD_TEST(test_only_the_available_get_something_new),
        WORLD_TEST(test_an_update_keeps_the_status_and_the_same_again_is_a_repeat),
        WORLD_TEST(test_lowered_capacity_takes_nothing_away_and_gives_nothing_new),
        WORLD_TEST(test_withdrawing_revokes_what_somebody_holds),
        WORLD_TEST(test_a_queue_that_takes_its_own_gets_everything_at_once),
        WORLD_TEST(test_a_held_appeal_keeps_its_place_but_is_not_given_out),
        WORLD_TEST(test_an_update_routes_a_waiting_appeal_anew_and_keeps_its_arrival),
        WORLD_TEST(test_excluding_the_holder_revokes_and_passes_on),
        WORLD_TEST(test_a_reload_reroutes_what_waits_in_a_queue_that_is_gone),
        WORLD_TEST(test_a_reload_gives_out_what_can_be_given_now),
        WORLD_TEST(test_an_assignment_says_why),
        WORLD_TEST(test_records_carry_their_source_and_a_repeatable_id),
        WORLD_TEST(test_where_even_the_hashes_are_equal_the_lower_id_decides),
        WORLD_TEST(test_the_ledger_restored_in_any_order_gives_the_same_router),
        WORLD_TEST(test_an_undone_batch_leaves_no_trace),
        WORLD_TEST(test_a_queue_knows_its_earliest_deadline_whatever_leaves_the_line),
        WORLD_TEST(test_a_damaged_ledger_record_is_refused_and_changes_nothing),
        ORDERS_TEST(test_the_soonest_deadline_is_first_where_the_queue_says_so),
        ORDERS_TEST(test_an_overdue_one_within_its_share_keeps_its_place_in_order),
        ORDERS_TEST(test_what_is_urgent_is_first_until_age_has_made_up_for_it),
        ORDERS_TEST(test_nobody_below_a_floor_is_chosen),
        ORDERS_TEST(test_a_reload_puts_a_line_in_its_new_order),
        ORDERS_TEST(test_who_was_overtaken_in_the_middle_of_a_reload_serves_in_the_new_order),
        ORDERS_TEST(test_who_was_overtaken_may_be_in_the_middle_of_putting_it_in_order),
        WORLD_TEST(test_what_somebody_away_holds_is_reclaimed_after_a_while),
        WORLD_TEST(test_a_reload_that_was_prepared_moves_nobody_when_it_comes),
        WORLD_TEST(test_a_reload_may_begin_to_ask_for_a_site),
        OFFERS_TEST(test_an_accepted_offer_is_an_assignment_of_the_same_epoch),
        OFFERS_TEST(test_an_offer_holds_capacity_until_it_expires),
        OFFERS_TEST(test_an_accept_read_in_time_counts_however_late_the_timer),
        OFFERS_TEST(test_who_ignores_offers_is_taken_to_be_away),
        OFFERS_TEST(test_an_appeal_that_too_many_declined_goes_up_a_step),
        OFFERS_TEST(test_a_step_that_nobody_can_fill_is_skipped_but_not_one_with_a_shift_in_it),
        OFFERS_TEST(test_an_older_appeal_reaches_more_people_step_by_step),
        OFFERS_TEST(test_on_hold_the_steps_do_not_pass),
        OFFERS_TEST(test_an_overdue_appeal_says_so_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every event of an appeal in every state, one row each. */
#include "router_world.h"

#include <stdio.h>
#include <string.h>

static const char rulebook[] =
    "rulebook: states\n"
    "queues:\n"
    "  offers: { offer: { expires: 2m } }\n"
    "  plain: {}\n"
    "  inbox: { deliver: queue }\n"
    "rules:\n"
    "  - { name: offers, when: { reason: offered }, route: { queue: offers } }\n"
    "  - { name: inbox, when: { reason: delivered }, route: { queue: inbox } }\n"
    "  - { name: rest, route: { queue: plain } }\n";

static const char *const states[] = { "waiting",   "offered", "assigned",
                                      "delivered", "merged",  "closed" };
enum { STATE_COUNT = sizeof states / sizeof *states };

#define ABOUT "\"appeal_id\":\"a\""
#define SUBJECT "\"subject\":{\"type\":\"listing\",\"id\":\"l\"}"
#define BY_ANA "\"agent_id\":\"ana\",\"epoch\":1"

/* What is answered in each state. "ana" is the only agent, and serves BR alone. Merged, "a" has
 * joined "lead", which is assigned to her. */
static const struct {
    const char *name, *event;
    const char *answers[STATE_COUNT];
} rows[] = {
    { "submitted again",
      "{\"type\":\"appeal.submitted\"," ABOUT
      ",\"market\":\"BR\",\"languages\":[\"pt\"],\"reason\":\"x\"}",
      { "ignored a repeat", "ignored a repeat", "ignored a repeat", "ignored a repeat",
        "ignored a repeat", "ignored a repeat" } },
    { "updated, another reason",
      "{\"type\":\"appeal.updated\"," ABOUT ",\"reason\":\"y\"}",
      { "", "", "", "", "ignored a merged", "ignored a closed" } },
    { "updated, the holder excluded",
      "{\"type\":\"appeal.updated\"," ABOUT ",\"exclude\":[\"ana\"]}",
      { "", "revoked a ana 1 independence\nwaiting a", "revoked a ana 1 independence\nwaiting a",
        "", "revoked lead ana 1 independence\nwaiting lead", "ignored a closed" } },
    { "updated, on hold",
      "{\"type\":\"appeal.updated\"," ABOUT ",\"on_hold\":true}",
      { "held a on_hold", "revoked a ana 1 on_hold\nheld a on_hold", "", "", "ignored a merged",
        "ignored a closed" } },
    { "withdrawn",
      "{\"type\":\"appeal.withdrawn\"," ABOUT "}",
      { "closed a withdrawn", "revoked a ana 1 withdrawn\nclosed a 1 withdrawn",
        "revoked a ana 1 withdrawn\nclosed a 1 withdrawn",
        "revoked a 1 withdrawn\nclosed a 1 withdrawn", "closed a 1 withdrawn",
        "ignored a closed" } },
    { "accepted",
      "{\"type\":\"assignment.accepted\"," ABOUT "," BY_ANA "}",
      { "ignored a stale", "created a ana 1", "ignored a repeat", "ignored a stale",
        "ignored a merged", "ignored a stale" } },
    { "declined",
      "{\"type\":\"assignment.declined\"," ABOUT "," BY_ANA "}",
      { "ignored a stale", "waiting a", "waiting a", "created a 2", "ignored a merged",
        "ignored a stale" } },
    { "returned",
      "{\"type\":\"assignment.returned\"," ABOUT "," BY_ANA "}",
      { "ignored a stale", "waiting a", "waiting a", "created a 2", "ignored a merged",
        "ignored a stale" } },
    { "decided, no epoch",
      "{\"type\":\"appeal.decided\"," ABOUT ",\"outcome\":\"upheld\"}",
      { "closed a decided", "closed a ana 1 decided", "closed a ana 1 decided",
        "closed a 1 decided", "ignored a merged", "ignored a closed" } },
    { "decided, this epoch",
      "{\"type\":\"appeal.decided\"," ABOUT ",\"outcome\":\"upheld\",\"epoch\":1}",
      { "ignored a stale", "closed a ana 1 decided", "closed a ana 1 decided", "closed a 1 decided",
        "ignored a merged", "ignored a closed" } },
    { "decided, another epoch",
      "{\"type\":\"appeal.decided\"," ABOUT ",\"outcome\":\"upheld\",\"epoch\":7}",
      { "ignored a stale", "ignored a stale", "ignored a stale", "ignored a stale",
        "ignored a merged", "ignored a closed" } },
};

/* A world whose appeal "a" is in @state. */
static struct world *world_in_state(const char *state)
{
    struct world *world = world_new(rulebook);
    bool is_waiting = strcmp(state, "waiting") == 0;
    char json[256];

    world_send(world, "{\"type\":\"agent.updated\",\"agent_id\":\"ana\",\"capacity\":1,"
                      "\"languages\":[\"pt\"],\"markets\":[\"BR\"]}");
    if (strcmp(state, "merged") == 0)
        world_send(world, "{\"type\":\"appeal.submitted\",\"appeal_id\":\"lead\"," SUBJECT
                          ",\"market\":\"BR\",\"languages\":[\"pt\"],\"reason\":\"x\"}");
    snprintf(json, sizeof json,
             "{\"type\":\"appeal.submitted\"," ABOUT "," SUBJECT
             ",\"market\":\"%s\",\"languages\":[\"pt\"],\"reason\":\"%s\"}",
             is_waiting ? "US" : "BR", state);
    world_send(world, json);
    if (strcmp(state, "closed") == 0)
        world_send(world, "{\"type\":\"appeal.withdrawn\"," ABOUT "}");
    world_answers(world);
    json_t *answer = world_explain(world, "a");
    assert_string_equal(json_string_value(json_object_get(answer, "state")), state);
    json_decref(answer);
    return world;
}

static void test_each_event_in_each_state_is_answered_as_the_table_says(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        for (size_t column = 0; column < STATE_COUNT; column++) {
            struct world *world = world_in_state(states[column]);
            world_send(world, rows[row].event);
            const char *answers = world_answers(world);
            if (strcmp(answers, rows[row].answers[column]) != 0)
                fail_msg("%s while %s: '%s', not '%s'", rows[row].name, states[column], answers,
                         rows[row].answers[column]);
            world_free(world);
        }
    }
}

/* The same once both markets are paused; without an event, what pausing and resuming answer. */
static const struct {
    const char *name, *event;
    const char *answers[STATE_COUNT];
} paused_rows[] = {
    { "updated, another reason",
      "{\"type\":\"appeal.updated\"," ABOUT ",\"reason\":\"y\"}",
      { "", "rerouted a offers plain updated", "", "", "ignored a merged", "ignored a closed" } },
    { "updated, on hold",
      "{\"type\":\"appeal.updated\"," ABOUT ",\"on_hold\":true}",
      { "", "", "", "", "ignored a merged", "ignored a closed" } },
    { "withdrawn",
      "{\"type\":\"appeal.withdrawn\"," ABOUT "}",
      { "closed a withdrawn", "closed a 1 withdrawn",
        "revoked a ana 1 withdrawn\nclosed a 1 withdrawn",
        "revoked a 1 withdrawn\nclosed a 1 withdrawn", "closed a 1 withdrawn",
        "ignored a closed" } },
    { "accepted",
      "{\"type\":\"assignment.accepted\"," ABOUT "," BY_ANA "}",
      { "ignored a stale", "ignored a stale", "ignored a repeat", "ignored a stale",
        "ignored a merged", "ignored a stale" } },
    { "returned",
      "{\"type\":\"assignment.returned\"," ABOUT "," BY_ANA "}",
      { "ignored a stale", "ignored a stale", "held a market_paused", "held a market_paused",
        "ignored a merged", "ignored a stale" } },
    { "decided, no epoch",
      "{\"type\":\"appeal.decided\"," ABOUT ",\"outcome\":\"upheld\"}",
      { "closed a decided", "closed a 1 decided", "closed a ana 1 decided", "closed a 1 decided",
        "ignored a merged", "ignored a closed" } },
    { "paused",
      NULL,
      { "held a market_paused", "revoked a ana 1 market_paused\nheld a market_paused", "", "", "",
        "" } },
    { "resumed",
      NULL,
      { "resumed a market_paused", "resumed a market_paused\noffered a ana 2", "", "", "", "" } },
};

static void pause_both(struct world *world, bool is_paused)
{
    world_pause(world, "BR", is_paused);
    world_pause(world, "US", is_paused);
}

static const char *answers_while_paused(struct world *world, size_t row)
{
    pause_both(world, true);
    if (strcmp(paused_rows[row].name, "paused") == 0)
        return world_answers(world);
    world_answers(world);
    if (paused_rows[row].event)
        world_send(world, paused_rows[row].event);
    else
        pause_both(world, false);
    return world_answers(world);
}

static void
test_each_event_in_each_state_of_a_paused_market_is_answered_as_the_table_says(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof paused_rows / sizeof *paused_rows; row++) {
        for (size_t column = 0; column < STATE_COUNT; column++) {
            struct world *world = world_in_state(states[column]);
            const char *answers = answers_while_paused(world, row);
            if (strcmp(answers, paused_rows[row].answers[column]) != 0)
                fail_msg("%s while %s in a paused market: '%s', not '%s'", paused_rows[row].name,
                         states[column], answers, paused_rows[row].answers[column]);
            world_free(world);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_event_in_each_state_is_answered_as_the_table_says),
        cmocka_unit_test(
            test_each_event_in_each_state_of_a_paused_market_is_answered_as_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

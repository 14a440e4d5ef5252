/* Many unlike agents: what a crowd chooses is what a look at each of them would choose. Two routers
 * get the same random history, of which one makes crowds and the other does not, and say the same
 * to the byte: who got what, the second best, the criterion and every count. */
#include "router_world.h"

#include "routing/router_state.h"

#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 30, STEPS = 400, AGENTS = 90, APPEALS = 4000, QUEUES = 4, RULEBOOKS = 4 };

/* Who has an appeal, as it was said last. */
struct holder {
    char agent[16];
    unsigned epoch;
};

struct pair {
    struct world *crowded, *plain;
    uint32_t chance;
    unsigned appeal_count, rulebook; /* the index of the one in force */
    struct holder holders[APPEALS];
    bool has_reloaded; /* in the batch at hand */
};

static unsigned chance(struct pair *pair, unsigned count)
{
    pair->chance = pair->chance * 1103515245 + 12345;
    return (pair->chance >> 16) % count;
}

/* --- rulebooks --- */

static void add_criteria(struct pair *pair, struct buffer *yaml)
{
    unsigned count = 1 + chance(pair, 6), taken = 0;

    buffer_add_text(yaml, "choose: [");
    for (unsigned i = 0; i < count;) {
        unsigned criterion = chance(pair, ARO_CRITERION_COUNT);
        if (taken >> criterion & 1)
            continue;
        taken |= 1u << criterion;
        buffer_add_format(yaml, "%s%s", i++ ? ", " : "", aro_criterion_name(criterion));
    }
    buffer_add_text(yaml, "]");
}

static void add_queue(struct pair *pair, struct buffer *yaml, unsigned number, bool has_groups)
{
    static const char *const independences[] = { "agent", "agent, team", "agent, site",
                                                 "agent, team, site, lead" };

    buffer_add_format(yaml, "  q%u: { deliver: agent, ", number);
    add_criteria(pair, yaml);
    buffer_add_format(yaml, ", independence: [%s]",
                      independences[chance(pair, has_groups ? 4 : 1)]);
    if (chance(pair, 2))
        buffer_add_text(yaml, ", offer: { expires: 10m }");
    if (chance(pair, 2))
        buffer_add_text(yaml, ", needs: { skills: { fraud: 2 } }");
    else
        buffer_add_text(yaml, ", ladder: [{ language: first, level: 4, for: 5m }, "
                              "{ language: any, level: 2 }]");
    buffer_add_text(yaml, " }\n");
}

/* For both; some look at nobody's team, site or lead. */
static void invent_rulebook(struct pair *pair)
{
    struct buffer yaml = { 0 };
    bool has_groups = chance(pair, 2);

    buffer_add_format(&yaml, "rulebook: some\nseed: %u\nqueues:\n", chance(pair, 3));
    for (unsigned i = 0; i < QUEUES; i++)
        add_queue(pair, &yaml, i, has_groups);
    buffer_add_text(&yaml, "rules:\n");
    for (unsigned i = 1; i < QUEUES; i++)
        buffer_add_format(
            &yaml, "  - { name: r%u, when: { reason: r%u }, route: { queue: q%u } }\n", i, i, i);
    buffer_add_text(&yaml, "  - { name: rest, route: { queue: q0 } }\n");
    if (!pair->crowded) {
        pair->crowded = world_new(yaml.data);
        pair->plain = world_new(yaml.data);
    } else {
        world_parse(pair->crowded, yaml.data);
        world_parse(pair->plain, yaml.data);
    }
    buffer_done(&yaml);
}

/* --- a history --- */

static struct pair *pair_new(uint32_t seed)
{
    struct pair *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    pair->chance = seed;
    for (unsigned i = 0; i < RULEBOOKS; i++)
        invent_rulebook(pair);
    pair->crowded->router->crowds.above = seed % 2 ? 1 : 20;
    pair->plain->router->crowds.above = SIZE_MAX;
    return pair;
}

static void pair_free(struct pair *pair)
{
    world_free(pair->crowded);
    world_free(pair->plain);
    free(pair);
}

static void note_holder(struct pair *pair, const struct aro_record *record)
{
    unsigned appeal;

    if (record->kind != ARO_RECORD_ASSIGNMENT || sscanf(record->key, "a-%u", &appeal) != 1)
        return;
    json_t *body = json_loadb(record->value, record->value_length, 0, NULL);
    const char *agent = json_string_value(json_object_get(body, "agent_id"));
    struct holder *holder = &pair->holders[appeal];
    snprintf(holder->agent, sizeof holder->agent, "%s", agent ? agent : "");
    holder->epoch = (unsigned)json_integer_value(json_object_get(body, "epoch"));
    json_decref(body);
}

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* What both said since the last look. */
static void compare(struct pair *pair)
{
    struct aro_effects *crowded = pair->crowded->effects, *plain = pair->plain->effects;

    assert_int_equal(aro_effects_record_count(crowded), aro_effects_record_count(plain));
    for (size_t *at = &pair->plain->seen; *at < aro_effects_record_count(plain); ++*at) {
        const struct aro_record *x = aro_effects_record_at(crowded, *at);
        const struct aro_record *y = aro_effects_record_at(plain, *at);
        assert_string_equal(x->key, y->key);
        assert_string_equal(text_of(x->type), text_of(y->type));
        assert_string_equal(text_of(x->value), text_of(y->value));
        note_holder(pair, y);
    }
}

static void send(struct pair *pair, const struct buffer *json)
{
    world_send(pair->crowded, json->data);
    world_send(pair->plain, json->data);
}

/* --- steps --- */

static const char *const languages[] = { "en", "de-DE", "de-AT", "fr" };
static const char *const markets[] = { "DE", "FR" };

/* Half of them are of a few kinds, so that some are alike. */
static void update_agent(struct pair *pair, struct buffer *json)
{
    unsigned kind = chance(pair, 2) ? chance(pair, 10) : chance(pair, 30000);

    buffer_add_format(json,
                      "{\"type\":\"agent.updated\",\"agent_id\":\"ag-%u\",\"capacity\":%u,"
                      "\"markets\":[\"%s\"],\"team\":\"t-%u\",\"site\":\"s-%u\",\"lead\":\"l-%u\","
                      "\"skills\":{\"fraud\":%u,\"own\":%u},"
                      "\"languages\":[{\"tag\":\"%s\",\"level\":%u},"
                      "{\"tag\":\"%s\",\"level\":%u}]}",
                      chance(pair, AGENTS), kind % 8, kind % 3 ? "*" : "DE", kind % 11, kind % 5,
                      kind / 2 % 5, 1 + kind / 8 % 4, 1 + kind / 32 % 3, languages[kind % 4],
                      5 - kind / 96 % 4, languages[(kind + 1) % 4], 5 - kind / 384 % 4);
}

static void submit(struct pair *pair, struct buffer *json)
{
    unsigned language = chance(pair, 4), effort = chance(pair, 3) ? 1 : 1 + chance(pair, 4);

    unsigned number = pair->appeal_count++;

    assert_true(number < APPEALS);
    buffer_add_format(json,
                      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"a-%u\",\"market\":\"%s\","
                      "\"languages\":[\"%s\",\"%s\"],\"reason\":\"r%u\",\"effort\":%u,"
                      "\"subject\":{\"type\":\"listing\",\"id\":\"%u\"},\"tier\":%u",
                      number, markets[chance(pair, 2)], languages[language],
                      languages[(language + 1) % 4], chance(pair, QUEUES), effort, chance(pair, 50),
                      1 + chance(pair, 3));
    if (chance(pair, 2))
        buffer_add_format(json, ",\"decision\":{\"id\":\"d\",\"decided_by\":\"ag-%u\"}",
                          chance(pair, AGENTS));
    if (chance(pair, 3) == 0)
        buffer_add_format(json, ",\"exclude\":[\"ag-%u\",\"ag-%u\"]", chance(pair, AGENTS / 2),
                          AGENTS / 2 + chance(pair, AGENTS / 2));
    buffer_add_text(json, "}");
}

static void review(struct pair *pair, struct buffer *json)
{
    static const char *const types[] = { "assignment.accepted", "assignment.declined",
                                         "assignment.returned" };
    unsigned appeal = chance(pair, pair->appeal_count ? pair->appeal_count : 1);
    const struct holder *holder = &pair->holders[appeal];

    if (chance(pair, 2) || holder->epoch == 0)
        buffer_add_format(
            json, "{\"type\":\"appeal.decided\",\"appeal_id\":\"a-%u\",\"outcome\":\"upheld\"}",
            appeal);
    else
        buffer_add_format(
            json, "{\"type\":\"%s\",\"appeal_id\":\"a-%u\",\"agent_id\":\"%s\",\"epoch\":%u}",
            types[chance(pair, 3)], appeal, holder->agent[0] ? holder->agent : "ag-0",
            holder->epoch);
}

static void pass(struct pair *pair)
{
    int64_t ms = chance(pair, 400000);

    world_pass(pair->crowded, ms);
    world_pass(pair->plain, ms);
    while (world_tick(pair->crowded))
        continue;
    while (world_tick(pair->plain))
        continue;
}

static void set_rulebook(struct world *world, unsigned rulebook)
{
    const struct aro_source control = { .kind = ARO_SOURCE_CONTROL };

    aro_router_set_rulebook(world->router, world->now, world->rulebooks[rulebook], &control,
                            world->effects);
    while (aro_router_has_work(world->router))
        aro_router_work(world->router, world->now, 1000, world->effects);
}

/* Of another rulebook; mostly it is only prepared for a bit. */
static void reload(struct pair *pair)
{
    unsigned next = (pair->rulebook + 1) % RULEBOOKS, limit = chance(pair, 50);

    if (chance(pair, 8)) {
        aro_router_prepare(pair->crowded->router, pair->crowded->rulebooks[next], limit);
        aro_router_prepare(pair->plain->router, pair->plain->rulebooks[next], limit);
        return;
    }
    pair->rulebook = next;
    pair->has_reloaded = true;
    set_rulebook(pair->crowded, next);
    set_rulebook(pair->plain, next);
}

static void begin_batch(struct world *world)
{
    aro_effects_free(world->effects);
    assert_int_equal(aro_effects_new(&world->effects), 0);
    world->seen = 0;
}

static void end_batch(struct pair *pair)
{
    struct world *crowded = pair->crowded, *plain = pair->plain;

    if (!pair->has_reloaded && chance(pair, 4) == 0) {
        aro_router_undo(crowded->router, crowded->effects);
        aro_router_undo(plain->router, plain->effects);
    } else {
        aro_router_seal(crowded->router, crowded->effects);
        aro_router_seal(plain->router, plain->effects);
        compare(pair); /* what was only recorded now */
    }
    begin_batch(crowded);
    begin_batch(plain);
    pair->has_reloaded = false;
}

static void step(struct pair *pair, unsigned kind)
{
    static const char *const statuses[] = { "available", "available", "draining", "away" };
    struct buffer json = { 0 };

    if (kind < 45)
        submit(pair, &json);
    else if (kind < 70)
        review(pair, &json);
    else if (kind < 82)
        update_agent(pair, &json);
    else if (kind < 90)
        buffer_add_format(&json,
                          "{\"type\":\"agent.status\",\"agent_id\":\"ag-%u\",\"status\":\"%s\"}",
                          chance(pair, AGENTS), statuses[chance(pair, 4)]);
    else if (kind < 92)
        buffer_add_format(&json, "{\"type\":\"agent.removed\",\"agent_id\":\"ag-%u\"}",
                          chance(pair, AGENTS));
    else if (kind < 95)
        pass(pair);
    else
        reload(pair);
    if (json.length)
        send(pair, &json);
    buffer_done(&json);
}

static void test_a_crowd_chooses_as_a_look_at_each_would(void **state)
{
    size_t crowds = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= HISTORIES; seed++) {
        struct pair *pair = pair_new(seed);
        for (unsigned i = 0; i < STEPS; i++) {
            step(pair, i < AGENTS ? 75 : chance(pair, 100));
            compare(pair);
            if (chance(pair, 20) == 0)
                end_batch(pair);
            crowds += !TAILQ_EMPTY(&pair->crowded->router->crowds.recent);
            assert_true(TAILQ_EMPTY(&pair->plain->router->crowds.recent));
        }
        pair_free(pair);
    }
    assert_true(crowds > HISTORIES * STEPS / 2);
}

/* --- memory --- */

static const char small_rulebook[] = "rulebook: some\nqueues:\n  q: { deliver: agent }\n"
                                     "rules:\n  - { name: rest, route: { queue: q } }\n";

static struct world *small_world(unsigned agents)
{
    struct world *world = world_new(small_rulebook);
    char json[256];

    world->router->crowds.above = 1;
    for (unsigned i = 0; i < agents; i++) {
        snprintf(json, sizeof json,
                 "{\"type\":\"agent.updated\",\"agent_id\":\"ag-%u\",\"capacity\":%u,"
                 "\"languages\":[{\"tag\":\"de\",\"level\":5}],\"markets\":[\"*\"]}",
                 i, 900 + i);
        world_send(world, json);
    }
    return world;
}

static void submit_effort(struct world *world, unsigned number, unsigned effort)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"type\":\"appeal.submitted\",\"appeal_id\":\"a-%u\",\"market\":\"DE\","
             "\"languages\":[\"de\"],\"reason\":\"r\",\"effort\":%u}",
             number, effort);
    world_send(world, json);
}

static void test_crowds_take_no_more_than_a_share_for_each_class_of_agents(void **state)
{
    struct world *world = small_world(3);

    (void)state;
    for (unsigned i = 1; i <= ARO_EFFORT_MAX / 2; i++)
        submit_effort(world, i, i);
    assert_int_equal(world->router->agent_classes.count, 3);
    assert_in_range(world->router->crowds.place_count, 150, 3 * 64);
    world_free(world);
}

static void remove_agents(struct world *world, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        char json[64];
        snprintf(json, sizeof json, "{\"type\":\"agent.removed\",\"agent_id\":\"ag-%u\"}", i);
        world_send(world, json);
    }
}

static void test_crowds_go_with_those_who_made_them(void **state)
{
    struct world *world = small_world(5);

    (void)state;
    submit_effort(world, 1, 1);
    assert_int_equal(world->router->crowds.place_count, 8);
    remove_agents(world, 0, 5);
    assert_int_equal(world->router->crowds.place_count, 0);
    world_free(world);
}

static void test_a_crowd_that_nearly_all_have_left_chooses_of_the_rest(void **state)
{
    struct world *world = small_world(80);

    (void)state;
    submit_effort(world, 1, 1);
    remove_agents(world, 0, 79);
    world_answers(world);
    submit_effort(world, 2, 1);
    world_expect(world, "created a-2 ag-79 1");
    assert_int_equal(world->router->crowds.place_count, 128);
    world_free(world);
}

static void test_a_few_who_differ_make_no_crowd(void **state)
{
    struct world *world = small_world(CROWD_ABOVE);

    (void)state;
    world->router->crowds.above = CROWD_ABOVE;
    submit_effort(world, 1, 1);
    assert_true(TAILQ_EMPTY(&world->router->crowds.recent));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crowd_chooses_as_a_look_at_each_would),
        cmocka_unit_test(test_crowds_take_no_more_than_a_share_for_each_class_of_agents),
        cmocka_unit_test(test_crowds_go_with_those_who_made_them),
        cmocka_unit_test(test_a_crowd_that_nearly_all_have_left_chooses_of_the_rest),
        cmocka_unit_test(test_a_few_who_differ_make_no_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

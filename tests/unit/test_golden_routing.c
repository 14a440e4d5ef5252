/* Plays every folder of tests/golden/routing: events, timers and reloads in, assignments and
 * outcomes out. What the files mean is told in docs/testing.md.
 *
 * Each is played three times: as written; with the ledger folded into a fresh router after every
 * step; and with every step undone and done again. All three have to give what is expected, so a
 * state that the ledger forgets shows in whichever folder needs it. */
#include "cmocka_headers.h"

#include <aro/router.h>

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN_DIR SOURCE_DIR "/tests/golden/routing"

enum { PATH_SIZE = 512, HEADERS_MAX = 8, RULEBOOKS_MAX = 4, TICK_LIMIT = 1000, WORK_LIMIT = 1000 };

enum way { WAY_AS_WRITTEN, WAY_FOLDED, WAY_UNDONE, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {
    [WAY_AS_WRITTEN] = "as written",
    [WAY_FOLDED] = "folded after every step",
    [WAY_UNDONE] = "every step undone and done again",
};

static const char *const topic_names[] = {
    [ARO_TOPIC_APPEALS] = "appeals", [ARO_TOPIC_AGENTS] = "agents", [ARO_TOPIC_REVIEWS] = "reviews"
};
enum { TOPIC_COUNT = sizeof topic_names / sizeof *topic_names };

/* One play of a folder. */
struct play {
    const char *folder; /* its path */
    enum way way;
    struct aro_languages *languages;
    struct aro_event_reader *reader;
    struct aro_rulebook *rulebooks[RULEBOOKS_MAX];
    size_t rulebook_count;
    struct aro_router *router;
    struct aro_instant now;
    int64_t offsets[TOPIC_COUNT]; /* of the next record */
    json_t *ledger;               /* key: the newest value */
    json_t *counters;
    json_t *outputs;
};

/* --- files --- */

static char *read_file(const char *path, size_t *ret_length)
{
    char *text = NULL;
    FILE *file = fopen(path, "r");

    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    ssize_t length = getdelim(&text, &(size_t){ 0 }, '\0', file);
    if (length < 0)
        fail_msg("%s: empty, or not to be read", path);
    fclose(file);
    *ret_length = (size_t)length;
    return text;
}

/* One value a line. */
static json_t *read_lines(const char *folder, const char *name)
{
    char path[PATH_SIZE], *line = NULL;
    size_t size = 0;
    json_error_t error;
    json_t *list = json_array();

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    for (unsigned number = 1; getline(&line, &size, file) > 0; number++) {
        json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (!value)
            fail_msg("%s:%u:%d: %s", path, number, error.column, error.text);
        json_array_append_new(list, value);
    }
    free(line);
    fclose(file);
    return list;
}

/* The folder's own, or the one that all share. */
static const struct aro_rulebook *read_rulebook(struct play *play, const char *name)
{
    char path[PATH_SIZE];
    size_t length;
    struct aro_error error = { 0 };

    assert_true(play->rulebook_count < RULEBOOKS_MAX);
    struct aro_rulebook **rulebook = &play->rulebooks[play->rulebook_count++];
    snprintf(path, sizeof path, "%s/%s", play->folder, name);
    if (access(path, F_OK) < 0)
        snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, name);
    char *text = read_file(path, &length);
    if (aro_rulebook_parse(text, length, play->languages, rulebook, &error) < 0)
        fail_msg("%s:%u:%u: %s: %s", path, error.line, error.column, error.field, error.message);
    free(text);
    return *rulebook;
}

/* --- what comes out --- */

static void add_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, json_string(text));
}

static void add_output(struct play *play, const struct aro_record *record)
{
    json_t *output = json_object();
    json_error_t error;
    json_t *data = json_loadb(record->value, record->value_length, 0, &error);

    if (!data)
        fail_msg("%s of %s: %s", record->type, record->key, error.text);
    add_text(output, "type", record->type);
    add_text(output, "key", record->key);
    json_object_set_new(output, "data", data);
    add_text(output, "source", record->source);
    add_text(output, "topic", record->topic);
    add_text(output, "id", record->id);
    add_text(output, "time", record->time);
    add_text(output, "traceparent", record->traceparent);
    add_text(output, "tracestate", record->tracestate);
    json_array_append_new(play->outputs, output);
}

static void keep_in_ledger(struct play *play, const struct aro_record *record)
{
    if (record->value)
        json_object_set_new(play->ledger, record->key,
                            json_stringn(record->value, record->value_length));
    else
        json_object_del(play->ledger, record->key);
}

/* Ends a batch as the daemon does, and keeps what it gave. */
static void seal(struct play *play, struct aro_effects *effects)
{
    aro_router_seal(play->router, effects);
    for (size_t i = 0; i < aro_effects_record_count(effects); i++) {
        const struct aro_record *record = aro_effects_record_at(effects, i);
        if (record->kind == ARO_RECORD_LEDGER)
            keep_in_ledger(play, record);
        else
            add_output(play, record);
    }
    aro_effects_free(effects);
    json_decref(play->counters);
    play->counters = aro_router_counters_get(play->router);
}

/* --- what goes in --- */

static void fold(struct play *play)
{
    struct aro_error error = { 0 };
    const char *key;
    json_t *value;

    aro_router_free(play->router);
    assert_int_equal(
        aro_router_new(play->languages, play->rulebooks[play->rulebook_count - 1], &play->router),
        0);
    json_object_foreach(play->ledger, key, value)
    {
        if (aro_router_restore(play->router, key, json_string_value(value),
                               json_string_length(value), &error) < 0)
            fail_msg("%s is not restored: %s", key, error.message);
    }
    assert_int_equal(aro_router_counters_set(play->router, play->counters), 0);
}

/* Something that the router does in one batch. */
typedef void action(struct play *play, const void *argument, struct aro_effects *effects);

static void act(struct play *play, action *run, const void *argument)
{
    struct aro_effects *effects;

    assert_int_equal(aro_effects_new(&effects), 0);
    run(play, argument, effects);
    if (play->way == WAY_UNDONE) {
        aro_router_undo(play->router, effects);
        aro_effects_free(effects);
        assert_int_equal(aro_effects_new(&effects), 0);
        run(play, argument, effects);
    }
    seal(play, effects);
    if (play->way == WAY_FOLDED)
        fold(play);
}

static void apply(struct play *play, const void *argument, struct aro_effects *effects)
{
    const struct aro_message *message = argument;
    const struct aro_source source = { .kind = ARO_SOURCE_RECORD,
                                       .topic = topic_names[message->topic_kind],
                                       .offset = play->offsets[message->topic_kind] };
    const struct aro_event *event = NULL;
    struct aro_error error = { 0 };

    if (aro_event_read(play->reader, message, &event, &error) < 0)
        fail_msg("%.*s: %s: %s", (int)message->value_length, (const char *)message->value,
                 error.field, error.message);
    aro_router_apply(play->router, play->now, event, &source, effects);
}

static void tick(struct play *play, const void *argument, struct aro_effects *effects)
{
    (void)argument;
    aro_router_tick(play->router, play->now, play->now, TICK_LIMIT, effects);
}

/* --- commands --- */

struct command {
    const char *market, *queue;
    bool is_paused;
};

static void pause_market(struct play *play, const void *argument, struct aro_effects *effects)
{
    const struct command *command = argument;
    aro_router_pause(play->router, play->now, command->market, command->is_paused, effects);
}

static void reroute(struct play *play, const void *argument, struct aro_effects *effects)
{
    const struct command *command = argument;
    const struct aro_reroute_filter filter = { .market = command->market, .queue = command->queue };
    assert_true(aro_router_reroute(play->router, play->now, &filter, effects));
}

static void work(struct play *play, const void *argument, struct aro_effects *effects)
{
    aro_router_work(play->router, play->now, *(const unsigned *)argument, effects);
}

/* Goes on with what a command or a reload has begun, unless @step leaves that to others. */
static void work_to_the_end(struct play *play, const json_t *step)
{
    const unsigned limit = WORK_LIMIT;
    while (!json_is_true(json_object_get(step, "leave")) && aro_router_has_work(play->router))
        act(play, work, &limit);
}

/* Not undone: the daemon reloads between two batches. */
static void reload(struct play *play, const char *name)
{
    const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    struct aro_effects *effects;

    assert_int_equal(aro_effects_new(&effects), 0);
    aro_router_set_rulebook(play->router, play->now, read_rulebook(play, name), &source, effects);
    seal(play, effects);
    if (play->way == WAY_FOLDED)
        fold(play);
}

/* The topic named, or the one that takes events of this type. */
static enum aro_topic_kind topic_of(const json_t *step, const json_t *event)
{
    const char *name = json_string_value(json_object_get(step, "topic"));
    const char *type = json_string_value(json_object_get(event, "type"));

    for (unsigned i = 0; name && i < TOPIC_COUNT; i++) {
        if (strcmp(name, topic_names[i]) == 0)
            return (enum aro_topic_kind)i;
    }
    if (name || !type)
        fail_msg("which topic? %s", json_dumps(step, 0));
    switch (aro_event_type_find(type)) {
    case ARO_APPEAL_SUBMITTED:
    case ARO_APPEAL_UPDATED:
    case ARO_APPEAL_WITHDRAWN: return ARO_TOPIC_APPEALS;
    case ARO_AGENT_UPDATED:
    case ARO_AGENT_STATUS:
    case ARO_AGENT_REMOVED: return ARO_TOPIC_AGENTS;
    default: return ARO_TOPIC_REVIEWS;
    }
}

/* A record of @event, under the key and with the headers that @step gives it. */
static void send_event(struct play *play, const json_t *step, const json_t *event)
{
    struct aro_header headers[HEADERS_MAX];
    struct aro_message message = { .topic_kind = topic_of(step, event), .headers = headers };
    const json_t *key = json_object_get(step, "key");
    char *value = json_is_null(event) ? NULL : json_dumps(event, 0);
    const char *name;
    json_t *text;

    json_object_foreach(json_object_get(step, "headers"), name, text)
    {
        assert_true(message.header_count < HEADERS_MAX);
        headers[message.header_count++] = (struct aro_header){ .name = name,
                                                               .value = json_string_value(text),
                                                               .length = json_string_length(text) };
    }
    message.key = json_string_value(key);
    message.key_length = json_string_length(key);
    message.value = value;
    message.value_length = value ? strlen(value) : 0;
    act(play, apply, &message);
    play->offsets[message.topic_kind]++;
    free(value);
}

/* A short form: each of @list, with @usual for what it leaves out. */
static void send_list(struct play *play, const json_t *list, const char *usual)
{
    size_t i;
    json_t *members;

    json_array_foreach(list, i, members)
    {
        json_t *event = json_loads(usual, 0, NULL);
        json_t *step = json_object();
        json_object_update(event, members);
        send_event(play, step, event);
        json_decref(step);
        json_decref(event);
    }
}

/* --- steps --- */

static void step_agents(struct play *play, const json_t *step, const json_t *agents)
{
    (void)step;
    send_list(play, agents,
              "{\"type\": \"agent.updated\", \"capacity\": 1, \"languages\": [\"en\"],"
              " \"markets\": [\"*\"]}");
}

static void step_appeals(struct play *play, const json_t *step, const json_t *appeals)
{
    (void)step;
    send_list(play, appeals,
              "{\"type\": \"appeal.submitted\", \"market\": \"GB\", \"languages\": [\"en\"],"
              " \"reason\": \"other\"}");
}

static void step_tick(struct play *play, const json_t *step, const json_t *value)
{
    (void)step;
    (void)value;
    act(play, tick, NULL);
}

static void step_reload(struct play *play, const json_t *step, const json_t *name)
{
    reload(play, json_string_value(name));
    work_to_the_end(play, step);
}

static void step_pause(struct play *play, const json_t *step, const json_t *market)
{
    act(play, pause_market,
        &(struct command){ .market = json_string_value(market), .is_paused = true });
    work_to_the_end(play, step);
}

static void step_resume(struct play *play, const json_t *step, const json_t *market)
{
    act(play, pause_market, &(struct command){ .market = json_string_value(market) });
    work_to_the_end(play, step);
}

static void step_reroute(struct play *play, const json_t *step, const json_t *filter)
{
    act(play, reroute,
        &(struct command){ .market = json_string_value(json_object_get(filter, "market")),
                           .queue = json_string_value(json_object_get(filter, "queue")) });
    work_to_the_end(play, step);
}

static void step_work(struct play *play, const json_t *step, const json_t *value)
{
    const unsigned limit = (unsigned)json_integer_value(value);
    (void)step;
    act(play, work, &limit);
}

static void step_restore(struct play *play, const json_t *step, const json_t *value)
{
    (void)step;
    (void)value;
    fold(play);
}

static const struct {
    const char *name;
    void (*play)(struct play *play, const json_t *step, const json_t *value);
} step_kinds[] = {
    { "agents", step_agents }, { "appeals", step_appeals }, { "event", send_event },
    { "tick", step_tick },     { "reload", step_reload },   { "restore", step_restore },
    { "pause", step_pause },   { "resume", step_resume },   { "reroute", step_reroute },
    { "work", step_work },
};

/* RFC 3339, or "10:05" or "10:05:30" of the usual day. */
static void set_clock(struct play *play, const char *at)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    struct aro_instant before = play->now;

    if (strlen(at) > strlen("10:05:30"))
        snprintf(text, sizeof text, "%s", at);
    else
        snprintf(text, sizeof text, "2026-11-23T%s%sZ", at, strlen(at) == 5 ? ":00" : "");
    if (aro_instant_parse(text, &play->now) < 0)
        fail_msg("no time: %s", at);
    assert_true(play->now.ms >= before.ms);
}

static void play_step(struct play *play, const json_t *step)
{
    const char *at = json_string_value(json_object_get(step, "at"));

    if (at)
        set_clock(play, at);
    for (size_t i = 0; i < sizeof step_kinds / sizeof *step_kinds; i++) {
        const json_t *value = json_object_get(step, step_kinds[i].name);
        if (value) {
            step_kinds[i].play(play, step, value);
            return;
        }
    }
    fail_msg("no such step: %s", json_dumps(step, 0));
}

static void play_done(struct play *play)
{
    aro_router_free(play->router);
    for (size_t i = 0; i < play->rulebook_count; i++)
        aro_rulebook_free(play->rulebooks[i]);
    aro_event_reader_free(play->reader);
    aro_languages_free(play->languages);
    json_decref(play->ledger);
    json_decref(play->counters);
}

/* All that a folder gives, one way. */
static json_t *play_folder(const char *folder, enum way way, const json_t *steps)
{
    struct play play = { .folder = folder, .way = way };
    size_t i;
    json_t *step;

    play.ledger = json_object();
    play.outputs = json_array();
    set_clock(&play, "10:00");
    assert_int_equal(aro_languages_new(&play.languages), 0);
    assert_int_equal(aro_event_reader_new(play.languages, &play.reader), 0);
    assert_int_equal(
        aro_router_new(play.languages, read_rulebook(&play, "rulebook.yaml"), &play.router), 0);
    json_array_foreach(steps, i, step)
    {
        play_step(&play, step);
    }
    play_done(&play);
    return play.outputs;
}

/* --- comparing --- */

/* Is each member of @expected the same in @actual? What is expected to be null may be absent. */
static bool has_members(const json_t *expected, const json_t *actual)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)expected, name, value)
    {
        const json_t *found = json_object_get(actual, name);
        if (strcmp(name, "data") == 0 ? !has_members(value, found)
                                      : !(found ? json_equal(value, found) : json_is_null(value)))
            return false;
    }
    return true;
}

static void print_line(const char *sign, const json_t *line)
{
    char *text = line ? json_dumps(line, 0) : NULL;
    print_error("  %s %s\n", sign, text ? text : "nothing");
    free(text);
}

static void compare(const json_t *expected, const json_t *actual, enum way way)
{
    size_t count = json_array_size(expected), wrong = 0;

    if (json_array_size(actual) > count)
        count = json_array_size(actual);
    for (size_t i = 0; i < count; i++) {
        const json_t *wanted = json_array_get(expected, i), *given = json_array_get(actual, i);
        if (wanted && given && has_members(wanted, given)) {
            if (wrong > 0)
                print_line(" ", wanted);
            continue;
        }
        if (wrong++ == 0)
            print_error("%s, from output %zu on (- expected, + given):\n", way_names[way], i + 1);
        print_line("-", wanted);
        print_line("+", given);
    }
    if (wrong > 0)
        fail_msg("%zu outputs differ", wrong);
}

static void test_a_folder_gives_what_is_expected(void **state)
{
    const char *folder = *state;
    json_t *steps = read_lines(folder, "steps.jsonl");
    json_t *expected = read_lines(folder, "expected.jsonl");

    for (unsigned way = 0; way < WAY_COUNT; way++) {
        json_t *actual = play_folder(folder, (enum way)way, steps);
        compare(expected, actual, (enum way)way);
        json_decref(actual);
    }
    json_decref(expected);
    json_decref(steps);
}

/* What a folder gives, whole. */
static void print_outputs(const char *folder, FILE *file)
{
    size_t i;
    json_t *output;
    json_t *steps = read_lines(folder, "steps.jsonl");
    json_t *actual = play_folder(folder, WAY_AS_WRITTEN, steps);

    json_array_foreach(actual, i, output)
    {
        json_dumpf(output, file, 0);
        fputc('\n', file);
    }
    json_decref(actual);
    json_decref(steps);
}

/* For review: keep what the folder's name speaks of. */
static void write_expected(const char *folder)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/expected.jsonl", folder);
    FILE *file = fopen(path, "w");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    print_outputs(folder, file);
    assert_int_equal(fclose(file), 0);
}

static int play_all(const glob_t *found)
{
    struct CMUnitTest *tests = calloc(found->gl_pathc, sizeof *tests);
    int failed = -1;

    for (size_t i = 0; tests && i < found->gl_pathc; i++) {
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(
            test_a_folder_gives_what_is_expected, found->gl_pathv[i]);
        tests[i].name = found->gl_pathv[i] + strlen(GOLDEN_DIR "/");
    }
    if (tests)
        failed = _cmocka_run_group_tests("golden_routing", tests, found->gl_pathc, NULL, NULL);
    free(tests);
    return failed;
}

/* Without arguments: plays every folder. With a pattern: those whose names it matches ("*stale*").
 * With --print before it what they give is printed, with --write written down, instead. */
int main(int argument_count, char **arguments)
{
    const char *option = argument_count > 1 && arguments[1][0] == '-' ? arguments[1] : "";
    int first = *option ? 2 : 1;
    char path[PATH_SIZE];
    glob_t found;
    int failed = 0;

    snprintf(path, sizeof path, "%s/%s/steps.jsonl", GOLDEN_DIR,
             argument_count > first ? arguments[first] : "*");
    if (glob(path, 0, NULL, &found) != 0) {
        fprintf(stderr, "nothing matches %s\n", path);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        *strrchr(found.gl_pathv[i], '/') = '\0';
    if (!*option)
        failed = play_all(&found);
    for (size_t i = 0; *option && i < found.gl_pathc; i++) {
        if (strcmp(option, "--write") == 0)
            write_expected(found.gl_pathv[i]);
        else
            print_outputs(found.gl_pathv[i], stdout);
    }
    globfree(&found);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

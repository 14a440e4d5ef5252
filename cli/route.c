/* appealctl route: one appeal through a rulebook, by the same core as the daemon's. */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "file/file.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <aro/router.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What the core needs, and what it is given. */
struct trial {
    const struct invocation *invocation;
    struct aro_languages *languages;
    struct aro_rulebook *rulebook;
    struct aro_router *router;
    struct aro_event_reader *reader;
    struct aro_instant now;
};

/* As a record of a topic: events that concern no appeal of ours are answered too, by its place. */
static const struct aro_source source = { .kind = ARO_SOURCE_RECORD, .topic = "appeals" };

static void trial_done(struct trial *trial)
{
    aro_event_reader_free(trial->reader);
    aro_router_free(trial->router);
    aro_rulebook_free(trial->rulebook);
    aro_languages_free(trial->languages);
}

static void effects_free(struct aro_effects **effects)
{
    aro_effects_free(*effects);
}

static int read_time(struct trial *trial)
{
    const char *text = invocation_value(trial->invocation, "at");
    struct timespec now;

    if (text && aro_instant_parse(text, &trial->now) < 0)
        return answer_fail(trial->invocation, EXIT_USAGE, "usage",
                           "--at: expected a time such as 2026-11-22T10:00:00Z, found '%s'", text);
    if (!text) {
        clock_gettime(CLOCK_REALTIME, &now);
        trial->now.ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    }
    return EXIT_FINE;
}

static int trial_begin(struct trial *trial)
{
    int code = read_time(trial);
    if (code != EXIT_FINE)
        return code;
    if (aro_languages_new(&trial->languages) < 0)
        memory_exhausted();
    code = input_rulebook(trial->invocation, trial->invocation->operands[0], trial->languages,
                          &trial->rulebook);
    if (code != EXIT_FINE)
        return code;
    if (aro_router_new(trial->languages, trial->rulebook, &trial->router) < 0 ||
        aro_event_reader_new(trial->languages, &trial->reader) < 0)
        memory_exhausted();
    return EXIT_FINE;
}

static void apply_agent(const struct aro_event *event, void *context)
{
    struct trial *trial = context;
    CLEANUP(effects_free) struct aro_effects *effects = NULL;
    if (aro_effects_new(&effects) < 0)
        memory_exhausted();
    aro_router_apply(trial->router, trial->now, event, &source, effects);
}

/* The events that would be published, [{type, data}]. */
static json_t *published_new(const struct aro_effects *effects)
{
    json_t *list = json_array();
    for (size_t i = 0; i < aro_effects_record_count(effects); i++) {
        const struct aro_record *record = aro_effects_record_at(effects, i);
        if (record->kind != ARO_RECORD_LEDGER)
            json_array_append_new(
                list, json_pack("{s:s, s:o}", "type", record->type, "data",
                                json_loadb(record->value, record->value_length, 0, NULL)));
    }
    return list;
}

/* For people, one event after the other, its type above it. */
static void print_published(const json_t *list)
{
    size_t index;
    json_t *event;
    json_array_foreach((json_t *)list, index, event)
    {
        printf("%s%s%s%s\n", index ? "\n" : "", terminal_begin(stdout, TERMINAL_BOLD),
               json_string_value(json_object_get(event, "type")), terminal_end(stdout));
        render(stdout, json_object_get(event, "data"));
    }
}

static int read_appeal(struct trial *trial, const char *text, size_t length,
                       const struct aro_event **ret, struct aro_error *reterr)
{
    int r = input_event(trial->reader, text, length, ARO_TOPIC_APPEALS, ARO_APPEAL_SUBMITTED, ret,
                        reterr);
    if (r == 0 && (*ret)->type != ARO_APPEAL_SUBMITTED)
        return aro_error_set_event(reterr, ARO_ERROR_TYPE, NULL,
                                   "expected an appeal.submitted event, found %s",
                                   aro_event_type_name((*ret)->type));
    return r < 0 ? r : aro_rulebook_check_event(trial->rulebook, *ret, reterr);
}

static int apply_appeal(struct trial *trial, const char *path)
{
    CLEANUP(effects_free) struct aro_effects *effects = NULL;
    CLEANUP(freep) char *text = NULL;
    struct aro_error error = { 0 };
    const struct aro_event *event;
    size_t length;

    if (aro_effects_new(&effects) < 0)
        memory_exhausted();
    if (file_read(path, INPUT_LENGTH_MAX, &text, &length, &error) < 0)
        return answer_fail_file(trial->invocation, path, &error);
    if (read_appeal(trial, text, length, &event, &error) < 0) {
        if (error.line == 0)
            error.line = error.column = 1;
        return answer_fail_file(trial->invocation, path, &error);
    }
    aro_router_apply(trial->router, trial->now, event, &source, effects);
    json_t *published = published_new(effects);
    if (trial->invocation->is_json)
        return answer_print(trial->invocation, published);
    print_published(published);
    json_decref(published);
    return EXIT_FINE;
}

static int run(const struct invocation *invocation)
{
    CLEANUP(trial_done) struct trial trial = { .invocation = invocation };
    const char *agents = invocation_value(invocation, "agents");

    int code = trial_begin(&trial);
    if (code == EXIT_FINE && agents)
        code = input_agents(invocation, agents, trial.reader, apply_agent, &trial);
    return code == EXIT_FINE ? apply_appeal(&trial, invocation->operands[1]) : code;
}

const struct command command_route = {
    .name = "route",
    .summary = "What would become of an appeal.",
    .operands = { "RULEBOOK", "APPEAL.json" },
    .arguments = { { .name = "agents",
                     .value = "FILE.jsonl",
                     .help = "Agents, an agent.updated event a line." },
                   { .name = "at",
                     .value = "TIME",
                     .help = "When it comes in (now): 2026-11-22T10:00:00Z." } },
    .description = "Routes one appeal as the daemon would: which rule, which queue, which "
                   "agent and why, or why nobody. The appeal is an appeal.submitted event; its "
                   "`type` may be left out, as may that of an agent. --json prints the events "
                   "that would be published, [{type, data}].",
    .examples = "  appealctl route rulebook.yaml appeal.json\n"
                "  appealctl route rulebook.yaml appeal.json --agents agents.jsonl --json\n"
                "  appealctl route rulebook.yaml appeal.json --at 2026-12-25T09:00:00Z\n",
    .run = run,
};

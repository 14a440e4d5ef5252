/* appealctl explain */
#include "cli/ask.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "support/memory.h"

#include <aro/router.h>
#include <stdlib.h>
#include <string.h>

static void set_text(json_t *args, const char *name, const char *text)
{
    if (text && json_object_set_new(args, name, json_string(text)) < 0)
        memory_exhausted();
}

/* Where @text is no number the daemon says what it expected. */
static json_t *count_new(const char *text)
{
    char *end;
    long count = strtol(text, &end, 10);
    return *text == '\0' || *end != '\0' ? json_string(text) : json_integer(count);
}

static json_t *args_new(const struct invocation *invocation, const char *after)
{
    const char *limit = invocation_value(invocation, "limit");
    json_t *args = json_pack("{s:s}", "appeal_id", invocation->operands[0]);

    if (invocation_has(invocation, "all"))
        json_object_set_new(args, "limit", json_integer(ARO_EXPLAIN_AGENTS_MAX));
    else if (limit)
        json_object_set_new(args, "limit", count_new(limit));
    set_text(args, "after", after ? after : invocation_value(invocation, "after"));
    set_text(args, "agent_id", invocation_value(invocation, "agent"));
    return args;
}

/* The last agent of @answer where there are more behind; NULL: there are none. */
static const char *next_after(const json_t *answer)
{
    const json_t *agents = json_object_get(answer, "agents");
    const json_t *last = json_array_get(agents, json_array_size(agents) - 1);
    return json_object_get(answer, "agents_more")
               ? json_string_value(json_object_get(last, "agent_id"))
               : NULL;
}

/* Asks for page after page, and adds their agents to *@answer. */
static int ask_for_rest(const struct invocation *invocation, json_t *answer)
{
    json_t *agents = json_object_get(answer, "agents"), *page = json_incref(answer);
    int code = EXIT_FINE;

    for (const char *after; code == EXIT_FINE && (after = next_after(page)) != NULL;) {
        json_t *args = args_new(invocation, after);
        json_decref(page);
        page = NULL;
        code = ask_for(invocation, args, &page);
        if (code == EXIT_FINE)
            json_array_extend(agents, json_object_get(page, "agents"));
    }
    json_decref(page);
    json_object_del(answer, "agents_more");
    return code;
}

/* A move as people read it: when, what, and the rest in words. */
static json_t *line_of_move(const json_t *move)
{
    json_t *rest = json_deep_copy(move);
    json_t *line = json_pack("{s:O, s:O}", "at", json_object_get(move, "at"), "what",
                             json_object_get(move, "what"));

    json_object_del(rest, "at");
    json_object_del(rest, "what");
    json_object_set_new(line, "details", rest);
    return line;
}

static void put_past_in_lines(json_t *answer)
{
    json_t *lines = json_array(), *move;
    size_t index;

    json_array_foreach(json_object_get(answer, "past"), index, move)
        json_array_append_new(lines, line_of_move(move));
    json_object_set_new(answer, "past", lines);
}

static int run(const struct invocation *invocation)
{
    json_t *answer;
    int code = ask_for(invocation, args_new(invocation, NULL), &answer);

    if (code != EXIT_FINE)
        return code;
    if (invocation_has(invocation, "all"))
        code = ask_for_rest(invocation, answer);
    if (code != EXIT_FINE) {
        json_decref(answer);
        return code;
    }
    if (!invocation->is_json && json_object_get(answer, "past"))
        put_past_in_lines(answer);
    return answer_print(invocation, answer);
}

const struct command command_explain = {
    .name = "explain",
    .summary = "Why an appeal is where it is.",
    .operands = { "APPEAL" },
    .arguments = { ASK_SOCKET,
                   { .name = "agent",
                     .value = "ID",
                     .help = "Only this agent: why not them? Of the queue or not." },
                   { .name = "limit",
                     .value = "NUMBER",
                     .help = "How many agents are named at most, up to 200; 20." },
                   { .name = "after",
                     .value = "ID",
                     .help = "Only the agents behind this one, the last that was named." },
                   { .name = "all", .help = "Every agent of the queue, page by page." } },
    .description = "Tells where the appeal is, which rule and record brought it there, what "
                   "has happened to it since, move by move, and what time will do to it. Then, "
                   "for the agents of its queue: how many each filter keeps it from, and the "
                   "nearest by name, each with the filter or with the criterion by which they "
                   "lost.",
    .examples = "  appealctl explain a-91\n"
                "  appealctl explain a-91 --agent ana     why not her?\n"
                "  appealctl explain a-91 --all --json\n",
    .run = run,
};

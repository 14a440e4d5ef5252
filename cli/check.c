/* appealctl check */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <aro/lint.h>

#include <jansson.h>
#include <stdio.h>

/* A rulebook under examination. */
struct examination {
    const struct invocation *invocation;
    struct aro_languages *languages;
    struct aro_rulebook *rulebook;
    struct aro_event_reader *reader;
    struct aro_lint *lint;
};

static const char *const grade_names[] = {
    [ARO_LINT_NOTE] = "note",
    [ARO_LINT_WARNING] = "warning",
};

static void examination_done(struct examination *examination)
{
    aro_lint_free(examination->lint);
    aro_event_reader_free(examination->reader);
    aro_rulebook_free(examination->rulebook);
    aro_languages_free(examination->languages);
}

static json_t *describe_findings(const struct aro_lint *lint)
{
    json_t *list = json_array();
    for (size_t i = 0; i < aro_lint_finding_count(lint); i++) {
        const struct aro_lint_finding *finding = aro_lint_finding_at(lint, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:i, s:s}", "grade",
                                              grade_names[finding->grade], "name", finding->name,
                                              "line", (int)finding->line, "column",
                                              (int)finding->column, "message", finding->message));
    }
    return list;
}

/* As compilers do, so that editors find the place. */
static void print_findings(const char *path, const struct aro_lint *lint, enum aro_lint_grade least)
{
    for (size_t i = 0; i < aro_lint_finding_count(lint); i++) {
        const struct aro_lint_finding *finding = aro_lint_finding_at(lint, i);
        if (finding->grade < least)
            continue;
        printf("%s:%u:%u: %s: %s [%s]\n", path, finding->line, finding->column,
               grade_names[finding->grade], finding->message, finding->name);
    }
}

static json_t *describe(const struct aro_rulebook *rulebook)
{
    json_t *queues = json_array();
    for (size_t i = 0; i < aro_rulebook_queue_count(rulebook); i++)
        json_array_append_new(queues, json_string(aro_rulebook_queue_at(rulebook, i)->name));
    return json_pack("{s:s, s:s, s:o}", "rulebook", aro_rulebook_name(rulebook), "sha256",
                     aro_rulebook_sha256(rulebook), "queues", queues);
}

static bool has_warnings(const struct aro_lint *lint)
{
    for (size_t i = 0; i < aro_lint_finding_count(lint); i++) {
        if (aro_lint_finding_at(lint, i)->grade == ARO_LINT_WARNING)
            return true;
    }
    return false;
}

static void add_agent(const struct aro_event *event, void *context)
{
    if (event->type == ARO_AGENT_UPDATED)
        aro_lint_add_agent(context, event);
    else if (event->type == ARO_AGENT_REMOVED)
        aro_lint_remove_agent(context, event->agent_id);
}

static int examine(struct examination *examination)
{
    const struct invocation *invocation = examination->invocation;
    const char *agents = invocation_value(invocation, "agents");

    if (aro_languages_new(&examination->languages) < 0 ||
        aro_event_reader_new(examination->languages, &examination->reader) < 0)
        memory_exhausted();
    int code = input_rulebook(invocation, invocation->operands[0], examination->languages,
                              &examination->rulebook);
    if (code != EXIT_FINE)
        return code;
    if (aro_lint_new(examination->rulebook, &examination->lint) < 0)
        memory_exhausted();
    if (agents) {
        aro_lint_consider_agents(examination->lint);
        code = input_agents(invocation, agents, examination->reader, add_agent, examination->lint);
    }
    if (code == EXIT_FINE)
        aro_lint_run(examination->lint);
    return code;
}

static int run(const struct invocation *invocation)
{
    CLEANUP(examination_done) struct examination examination = { .invocation = invocation };

    int code = examine(&examination);
    if (code != EXIT_FINE)
        return code;
    json_t *description = describe(examination.rulebook);
    if (invocation->is_json)
        json_object_set_new(description, "findings", describe_findings(examination.lint));
    else
        print_findings(invocation->operands[0], examination.lint,
                       invocation_has(invocation, "notes") ? ARO_LINT_NOTE : ARO_LINT_WARNING);
    code = answer_print(invocation, description);
    return invocation_has(invocation, "strict") && has_warnings(examination.lint) ? EXIT_FAILED
                                                                                  : code;
}

const struct command command_check = {
    .name = "check",
    .summary = "What is wrong with a rulebook.",
    .operands = { "RULEBOOK" },
    .arguments = { { .name = "agents",
                     .value = "FILE.jsonl",
                     .help = "Agents, an agent.updated event a line: can they serve it?" },
                   { .name = "notes",
                     .help = "Tell too where the order of two rules decides, and the like." },
                   { .name = "strict", .help = "End with 1 where there is a warning." } },
    .description = "Reads a rulebook as the daemon would, runs the tests that it carries, and "
                   "tells what is wrong with line, column and what was expected. Ends with 78 "
                   "where the daemon would refuse it.\n\nWarns of what is legal but hardly "
                   "meant: rules that can never match, ladders that open a queue to nobody, "
                   "and, given agents, queues and languages that none of them can serve.",
    .examples = "  appealctl check rulebook.yaml\n"
                "  appealctl check rulebook.yaml --agents agents.jsonl --strict\n"
                "  appealctl check rulebook.yaml && appealctl reload\n",
    .run = run,
};

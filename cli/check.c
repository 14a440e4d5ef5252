/* appealctl check */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "support/cleanup.h"

#include <jansson.h>
#include <stdio.h>

DEFINE_CLEANUP(struct aro_languages, aro_languages_free)
DEFINE_CLEANUP(struct aro_rulebook, aro_rulebook_free)

static json_t *describe(const struct aro_rulebook *rulebook)
{
    json_t *queues = json_array();
    for (size_t i = 0; i < aro_rulebook_queue_count(rulebook); i++)
        json_array_append_new(queues, json_string(aro_rulebook_queue_at(rulebook, i)->name));
    return json_pack("{s:s, s:s, s:o}", "rulebook", aro_rulebook_name(rulebook), "sha256",
                     aro_rulebook_sha256(rulebook), "queues", queues);
}

static int run(const struct invocation *invocation)
{
    CLEANUP(aro_languages_freep) struct aro_languages *languages = NULL;
    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = NULL;

    if (aro_languages_new(&languages) < 0)
        return answer_fail(invocation, EXIT_FAILED, "failed", "no memory");
    int code = input_rulebook(invocation, invocation->operands[0], languages, &rulebook);
    if (code != EXIT_FINE)
        return code;
    return answer_print(invocation, describe(rulebook));
}

const struct command command_check = {
    .name = "check",
    .summary = "What is wrong with a rulebook.",
    .operands = { "RULEBOOK" },
    .description = "Reads a rulebook as the daemon would, runs the tests that it carries, and "
                   "tells what is\n"
                   "wrong with line, column and what was expected. Ends with 78 where the daemon "
                   "would refuse it.",
    .examples = "  appealctl check rulebook.yaml\n"
                "  appealctl check rulebook.yaml && appealctl reload\n",
    .run = run,
};

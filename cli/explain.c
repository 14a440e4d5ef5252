/* appealctl explain */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, json_pack("{s:s}", "appeal_id", invocation->operands[0]));
}

const struct command command_explain = {
    .name = "explain",
    .summary = "Why an appeal is where it is.",
    .operands = { "APPEAL" },
    .arguments = { ASK_SOCKET },
    .description = "Tells where the appeal is, which rule sent it there, and for each agent of its "
                   "queue what keeps\n"
                   "the appeal from them, or by what they lost against the one who got it.",
    .examples = "  appealctl explain a-91\n"
                "  appealctl explain a-91 --json\n",
    .run = run,
};

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
    .description =
        "Tells where the appeal is, which rule and record brought it there, who declined "
        "it at this step,\n"
        "what time will do to it, and for each agent of its queue what keeps the appeal "
        "from them, or by what\n"
        "they lost against the one who got it.",
    .examples = "  appealctl explain a-91\n"
                "  appealctl explain a-91 --json\n",
    .run = run,
};

/* appealctl reload */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, NULL);
}

const struct command command_reload = {
    .name = "reload",
    .summary = "Has settings and rulebook read again.",
    .arguments = { ASK_SOCKET },
    .description = "As SIGHUP does, but tells the outcome: everything is taken over, or "
                   "nothing, and then the file and line to mend are named (exit code 78). "
                   "Check a rulebook first with 'appealctl check'.",
    .examples = "  appealctl reload\n"
                "  appealctl check rulebook.yaml && appealctl reload\n",
    .run = run,
};

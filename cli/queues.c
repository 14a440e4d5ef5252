/* appealctl queues */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask_or_watch(invocation);
}

const struct command command_queues = {
    .name = "queues",
    .summary = "Every queue, and what waits in it.",
    .arguments = { ASK_SOCKET, ASK_WATCH },
    .description = "Lists the queues of the rulebook, and those gone from it that still hold "
                   "appeals, with what waits, what is held, and the next deadline.",
    .examples = "  appealctl queues --watch\n"
                "  appealctl queues --json\n",
    .run = run,
};

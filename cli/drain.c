/* appealctl drain */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, NULL);
}

const struct command command_drain = {
    .name = "drain",
    .summary = "Finishes, hands the shards over, ends the daemon.",
    .arguments = { ASK_SOCKET },
    .description = "As SIGTERM does: what has begun is committed, a standby takes the shards "
                   "over at once, and the process ends. systemd starts it anew only if told to.",
    .examples = "  appealctl drain\n",
    .run = run,
};

/* appealctl status */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask_or_watch(invocation);
}

const struct command command_status = {
    .name = "status",
    .summary = "What the daemon is doing, shard by shard.",
    .arguments = { ASK_SOCKET, ASK_WATCH },
    .description = "Asks the daemon for its instance, version and rulebook, and for each shard "
                   "whether it is owner, standby or stopped and why, what waits in it, and how "
                   "far it has read.",
    .examples = "  appealctl status\n"
                "  appealctl status --watch\n"
                "  appealctl status --json | jq '.shards[].state'\n",
    .run = run,
};

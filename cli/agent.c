/* appealctl agent */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, json_pack("{s:s}", "agent_id", invocation->operands[0]));
}

const struct command command_agent = {
    .name = "agent",
    .summary = "An agent, and what they hold.",
    .operands = { "AGENT" },
    .arguments = { ASK_SOCKET },
    .description = "Tells an agent's status, capacity and use, the queues and languages they "
                   "serve, and the appeals that they hold now.",
    .examples = "  appealctl agent ana\n"
                "  appealctl agent ana --json | jq .used\n",
    .run = run,
};

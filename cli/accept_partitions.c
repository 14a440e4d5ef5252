/* appealctl accept-partitions */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, json_pack("{s:s}", "shard", invocation->operands[0]));
}

const struct command command_accept_partitions = {
    .name = "accept-partitions",
    .summary = "Has added partitions read.",
    .operands = { "SHARD" },
    .arguments = { ASK_SOCKET },
    .description = "A shard whose topic has got more partitions stops, since events of one "
                   "appeal may now lie in two of them. Once the producers have moved over, "
                   "this reads the new ones from their beginning.",
    .examples = "  appealctl accept-partitions main\n",
    .run = run,
};

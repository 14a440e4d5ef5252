/* appealctl start-shard */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, json_pack("{s:s, s:b}", "shard", invocation->operands[0], "new_ledger",
                                     (int)invocation_has(invocation, "new-ledger")));
}

const struct command command_start_shard = {
    .name = "start-shard",
    .summary = "Has a stopped shard go on.",
    .operands = { "SHARD" },
    .arguments = { ASK_SOCKET,
                   { .name = "new-ledger",
                     .help = "Begin with the ledger as it is, though records are lost." } },
    .description = "A shard stops where going on could break a promise: its ledger was lost, "
                   "its topics changed, another group writes to its ledger. 'appealctl status' "
                   "tells the reason. Once that is mended, this has it go on.",
    .examples = "  appealctl start-shard main\n"
                "  appealctl start-shard main --new-ledger     accept that the old state is gone\n",
    .run = run,
};

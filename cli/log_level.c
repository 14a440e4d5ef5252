/* appealctl log-level */
#include "cli/ask.h"
#include "cli/commands.h"

static int run(const struct invocation *invocation)
{
    return ask(invocation, json_pack("{s:s}", "level", invocation->operands[0]));
}

const struct command command_log_level = {
    .name = "log-level",
    .summary = "Makes the daemon's log more or less talkative.",
    .operands = { "LEVEL" },
    .arguments = { ASK_SOCKET },
    .description = "LEVEL is error, warning, info or debug. It holds until the next reload or "
                   "restart, which go by log.level of the settings again. debug tells the life "
                   "of every appeal.",
    .examples = "  appealctl log-level debug\n"
                "  appealctl log-level info\n",
    .run = run,
};

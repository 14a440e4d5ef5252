/* appealctl reroute */
#include "cli/ask.h"
#include "cli/commands.h"

static void add_text(json_t *args, const struct invocation *invocation, const char *name)
{
    if (invocation_has(invocation, name))
        json_object_set_new(args, name, control_text_new(invocation_value(invocation, name)));
}

static int run(const struct invocation *invocation)
{
    json_t *args = json_pack("{s:b}", "apply", (int)invocation_has(invocation, "apply"));
    add_text(args, invocation, "market");
    add_text(args, invocation, "queue");
    return ask(invocation, args);
}

const struct command command_reroute = {
    .name = "reroute",
    .summary = "Sends what waits where the rulebook in force sends it.",
    .arguments = { ASK_SOCKET,
                   { .name = "apply", .help = "Do it; otherwise it is only told what would move." },
                   { .name = "market", .value = "MARKET", .help = "Only of this market." },
                   { .name = "queue",
                     .value = "QUEUE",
                     .help = "Only what waits in this queue." } },
    .description = "A reload leaves what waits in its queue. This looks at all of it again, "
                   "held appeals too, and tells how many would go from which queue to which; "
                   "with --apply they go. Each keeps its arrival, and takes over priority and "
                   "deadline of its new rule. What somebody already has stays theirs.",
    .examples = "  appealctl reroute                        what would move\n"
                "  appealctl reroute --apply\n"
                "  appealctl reroute --queue general --apply\n",
    .run = run,
};

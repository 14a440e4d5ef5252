/* appealctl pause, appealctl resume */
#include "cli/ask.h"
#include "cli/commands.h"

/* The market that nothing is known of yet is a mistyped one more often than not. */
#define UNSEEN                                                                                     \
    {                                                                                              \
        .name = "unseen",                                                                          \
        .help = "Though no appeal of it is open and the rulebook does not name it.",               \
    }

static int run(const struct invocation *invocation)
{
    return ask(invocation, json_pack("{s:s, s:b}", "market", invocation->operands[0], "unseen",
                                     (int)invocation_has(invocation, "unseen")));
}

const struct command command_pause = {
    .name = "pause",
    .summary = "Holds every appeal of a market.",
    .operands = { "MARKET" },
    .arguments = { ASK_SOCKET, UNSEEN },
    .description = "From the moment that this is answered nobody is given an appeal of the "
                   "market. What waits is held and keeps its place, offers are taken back, "
                   "clocks stop; what somebody already has they may finish. It lasts until "
                   "'appealctl resume', over restarts and reloads. Pausing what is paused does "
                   "no harm.",
    .examples = "  appealctl pause BR\n"
                "  appealctl queues                 what is held, and which markets are paused\n",
    .run = run,
};

const struct command command_resume = {
    .name = "resume",
    .summary = "Ends the pause of a market.",
    .operands = { "MARKET" },
    .arguments = { ASK_SOCKET, UNSEEN },
    .description = "What was held goes back to its place in line and is given out, first in line "
                   "first. A market that the rulebook pauses (launch: { state: paused }) is "
                   "resumed by launching it there and 'appealctl reload'.",
    .examples = "  appealctl resume BR\n",
    .run = run,
};

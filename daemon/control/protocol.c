#include "control/protocol.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <aro/router.h>
#include <errno.h>
#include <string.h>

/* What a command cannot do without. */
#define NEEDED(name_, help_)                                                                       \
    {                                                                                              \
        .name = name_, .kind = CONTROL_TEXT, .is_required = true, .help = help_                    \
    }
/* Of a market, which is a mistyped one more often than not. */
#define UNSEEN                                                                                     \
    {                                                                                              \
        .name = "unseen", .kind = CONTROL_BOOL, .help = "Though nothing is known of it yet."       \
    }

static const struct control_command commands[] = {
    { .name = "status", .help = "The instance, its shards, and what each is doing." },
    { .name = "explain",
      .help = "Why an appeal is where it is, and what keeps it from each agent.",
      .arguments = { NEEDED("appeal_id", "The appeal's id."),
                     { .name = "limit",
                       .kind = CONTROL_COUNT,
                       .maximum = ARO_EXPLAIN_AGENTS_MAX,
                       .help = "How many agents are named at most." },
                     { .name = "after",
                       .kind = CONTROL_TEXT,
                       .help = "Only the agents behind this one." },
                     { .name = "agent_id",
                       .kind = CONTROL_TEXT,
                       .help = "Only this agent, of the queue or not." } } },
    { .name = "agent",
      .help = "An agent, with the appeals they hold.",
      .arguments = { NEEDED("agent_id", "The agent's id.") } },
    { .name = "queues", .help = "Every queue, with what waits in it." },
    { .name = "reload",
      .is_change = true,
      .help = "Reads settings and rulebook again: all of it, or nothing." },
    { .name = "pause",
      .is_change = true,
      .help = "Holds every appeal of a market, until it is resumed.",
      .arguments = { NEEDED("market", "The market."), UNSEEN } },
    { .name = "resume",
      .is_change = true,
      .help = "Ends the pause of a market.",
      .arguments = { NEEDED("market", "The market."), UNSEEN } },
    { .name = "reroute",
      .is_change = true,
      .help = "Sends what waits where the rulebook in force sends it, or tells what would move.",
      .arguments = { { .name = "apply", .kind = CONTROL_BOOL, .help = "Do it." },
                     { .name = "market", .kind = CONTROL_TEXT, .help = "Only of this market." },
                     { .name = "queue",
                       .kind = CONTROL_TEXT,
                       .help = "Only what waits in this queue." } } },
    { .name = "drain",
      .is_change = true,
      .help = "Finishes what has begun, hands the shards over and ends the process." },
    { .name = "log-level",
      .is_change = true,
      .help = "Writes lines of this level and above, until the next reload.",
      .arguments = { NEEDED("level", "error, warning, info or debug.") } },
    { .name = "bundle",
      .help = "What there is to know of the instance, for a report, without secrets." },
    { .name = "start-shard",
      .is_change = true,
      .help = "Has a stopped shard go on.",
      .arguments = { NEEDED("shard", "The shard's name."),
                     { .name = "new_ledger",
                       .kind = CONTROL_BOOL,
                       .help = "Begin with the ledger as it is now, though records are lost." } } },
    { .name = "accept-partitions",
      .is_change = true,
      .help = "Reads the partitions that were added to a shard's topics, from their beginning.",
      .arguments = { NEEDED("shard", "The shard's name.") } },
};

const struct control_command *control_command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static const struct control_argument *argument_find(const struct control_command *command,
                                                    const char *name)
{
    for (size_t i = 0; i < CONTROL_ARGUMENTS_MAX && command->arguments[i].name; i++)
        if (strcmp(command->arguments[i].name, name) == 0)
            return &command->arguments[i];
    return NULL;
}

static bool fits(const json_t *value, const struct control_argument *argument)
{
    switch (argument->kind) {
    case CONTROL_TEXT: return json_is_string(value);
    case CONTROL_BOOL: return json_is_boolean(value);
    case CONTROL_COUNT: break;
    }
    return json_integer_value(value) >= 1 && json_integer_value(value) <= argument->maximum;
}

static int fail_to_fit(const struct control_command *command,
                       const struct control_argument *argument, struct aro_error *reterr)
{
    if (argument->kind == CONTROL_COUNT)
        return aro_error_set(reterr, -EINVAL, "'%s' of '%s': expected a number from 1 to %d",
                             argument->name, command->name, argument->maximum);
    return aro_error_set(reterr, -EINVAL, "'%s' of '%s': expected %s", argument->name,
                         command->name,
                         argument->kind == CONTROL_BOOL ? "true or false" : "a text");
}

int control_command_check(const struct control_command *command, const json_t *args,
                          struct aro_error *reterr)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)args, name, value)
    {
        const struct control_argument *argument = argument_find(command, name);
        if (!argument)
            return aro_error_set(reterr, -EINVAL, "'%s' takes no '%s'", command->name, name);
        if (!fits(value, argument))
            return fail_to_fit(command, argument, reterr);
    }
    for (size_t i = 0; i < CONTROL_ARGUMENTS_MAX && command->arguments[i].name; i++)
        if (command->arguments[i].is_required && !json_object_get(args, command->arguments[i].name))
            return aro_error_set(reterr, -EINVAL, "'%s' needs '%s'", command->name,
                                 command->arguments[i].name);
    return 0;
}

json_t *control_text_new(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    CLEANUP(freep) char *copy = memory_copy_text(text);
    for (char *byte = copy; *byte; byte++)
        if ((unsigned char)*byte >= 0x80)
            *byte = '?';
    return json_string(copy);
}

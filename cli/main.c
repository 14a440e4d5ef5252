/* appealctl: asks the daemon, and runs the same core offline. This file finds the command. */
#include "cli/commands.h"
#include "cli/terminal.h"
#include "support/nearest.h"

#include <stdio.h>
#include <string.h>

/* In the order of the help: asking, changing, offline. */
static const struct command *const commands[] = {
    &command_status,
    &command_explain,
    &command_agent,
    &command_queues,
    &command_pause,
    &command_resume,
    &command_reload,
    &command_reroute,
    &command_drain,
    &command_start_shard,
    &command_accept_partitions,
    &command_check,
    &command_route,
    &command_settings,
    &command_metrics,
    &command_sandbox,
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(void)
{
    printf("Usage: appealctl COMMAND [OPERAND...] [OPTION...]\n\n"
           "Looks into a running appeal-routerd, steers it, and tries rulebooks without one.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-18s  %s\n", commands[i]->name, commands[i]->summary);
    printf("\n'appealctl COMMAND --help' tells more of each, with examples.\n\n"
           "Exit codes: 0 fine; 1 failed, another try may help; 2 the command line is wrong;\n"
           "78 settings, rulebook or input file wrong or missing.\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int refuse_unknown(const char *name)
{
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        nearest_offer(&nearest, commands[i]->name);
    if (nearest.best)
        terminal_error("no command '%s'; did you mean '%s'?", name, nearest.best);
    else
        terminal_error("no command '%s'", name);
    fprintf(stderr, "Try 'appealctl --help'.\n");
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    struct invocation invocation;
    const struct command *command = find_command(argv[1]);
    if (!command)
        return refuse_unknown(argv[1]);
    int code = invocation_read(command, argc - 2, argv + 2, &invocation);
    if (code < 0)
        return EXIT_FINE;
    return code == EXIT_FINE ? command->run(&invocation) : code;
}

/* What was printed must have arrived: a full disk is a failure. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    terminal_error("cannot write to stdout");
    return code == EXIT_FINE ? EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        terminal_error("which command?");
        fprintf(stderr, "Try 'appealctl --help'.\n");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return finish(EXIT_FINE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("appealctl %s\n", PROJECT_VERSION);
        return finish(EXIT_FINE);
    }
    return finish(run(argc, argv));
}

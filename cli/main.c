/* appealctl: asks the daemon, and runs the same core offline. This file runs the command. */
#include "cli/commands.h"
#include "cli/terminal.h"
#include "support/nearest.h"

#include <stdio.h>
#include <string.h>

static void print_help(void)
{
    printf("Usage: appealctl COMMAND [OPERAND...] [OPTION...]\n\n"
           "Looks into a running appeal-routerd, steers it, and tries rulebooks without one.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < command_count(); i++)
        printf("  %-18s  %s\n", command_at(i)->name, command_at(i)->summary);
    printf("\n'appealctl COMMAND --help' tells more of each, with examples.\n\n"
           "Exit codes: 0 fine; 1 failed, another try may help; 2 the command line is wrong;\n"
           "78 settings, rulebook or input file wrong or missing.\n");
}

static int refuse_unknown(const char *name)
{
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (size_t i = 0; i < command_count(); i++)
        nearest_offer(&nearest, command_at(i)->name);
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
    const struct command *command = command_find(argv[1]);
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

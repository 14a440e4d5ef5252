/* A subcommand of appealctl: what it takes, what it tells about itself, what it does. */
#ifndef APPEALCTL_COMMAND_H
#define APPEALCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* What the exit code tells a script: whether to try again, or to mend something first. */
enum {
    EXIT_FINE = 0,
    EXIT_FAILED = 1, /* it went wrong; another try may help */
    EXIT_USAGE = 2,  /* the command line is wrong */
    EXIT_WRONG_INPUT =
        78 /* settings, rulebook or input file wrong or missing (sysexits EX_CONFIG) */
};

/* --name, or --name VALUE. */
struct argument {
    const char *name;
    const char *value; /* "PATH", as the help prints it; NULL: a flag */
    const char *help;
};

enum { ARGUMENTS_MAX = 8, OPERANDS_MAX = 2 };

struct invocation;

struct command {
    const char *name;
    const char *summary;                /* one line, for the list of commands */
    const char *operands[OPERANDS_MAX]; /* "APPEAL"; all of them must be given */
    struct argument
        arguments[ARGUMENTS_MAX]; /* up to the first without name; beside --json, --help */
    const char *description;      /* paragraphs */
    const char *examples;         /* lines, each a command and what it does */
    int (*run)(const struct invocation *invocation);
};

/* A command line, read. Texts are borrowed from argv. */
struct invocation {
    const struct command *command;
    const char *operands[OPERANDS_MAX];
    const char *values[ARGUMENTS_MAX]; /* by place in the command's arguments; NULL: not given */
    bool is_json;
};

/* The value of --@name: "" for a flag that was given, NULL where it was not. */
const char *invocation_value(const struct invocation *invocation, const char *name);
bool invocation_has(const struct invocation *invocation, const char *name);

/* Reads @argv, the words behind the command's name. Gives EXIT_FINE with *@ret filled; EXIT_USAGE
 * once it has said what is wrong; or -1 where --help was asked for and has been printed. */
int invocation_read(const struct command *command, int argc, char **argv, struct invocation *ret);

void command_print_help(const struct command *command);

/* The options of @command, its own first, then those that all have; NULL after the last. */
const struct argument *command_option_at(const struct command *command, size_t index);

#endif

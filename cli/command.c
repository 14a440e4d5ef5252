#include "cli/command.h"

#include "cli/terminal.h"
#include "support/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct argument common[] = {
    { .name = "json", .help = "Print JSON, for scripts." },
    { .name = "help", .help = "Print this help." },
};
enum { COMMON_COUNT = sizeof common / sizeof *common };

static int usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static size_t argument_count(const struct command *command)
{
    size_t count = 0;
    while (count < ARGUMENTS_MAX && command->arguments[count].name)
        count++;
    return count;
}

const struct argument *command_option_at(const struct command *command, size_t index)
{
    size_t own = argument_count(command);

    if (index < own)
        return &command->arguments[index];
    return index < own + COMMON_COUNT ? &common[index - own] : NULL;
}

static size_t operand_count(const struct command *command)
{
    size_t count = 0;
    while (count < OPERANDS_MAX && command->operands[count])
        count++;
    return count;
}

const char *invocation_value(const struct invocation *invocation, const char *name)
{
    const struct command *command = invocation->command;
    for (size_t i = 0; i < argument_count(command); i++)
        if (strcmp(command->arguments[i].name, name) == 0)
            return invocation->values[i];
    assert(!"the command's own table lacks the argument");
    return NULL;
}

bool invocation_has(const struct invocation *invocation, const char *name)
{
    return invocation_value(invocation, name) != NULL;
}

static int usage_error(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    terminal_error_list(format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try 'appealctl %s --help'.\n", command->name);
    return EXIT_USAGE;
}

static void print_argument(const struct argument *argument)
{
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", argument->name, argument->value ? " " : "",
             argument->value ? argument->value : "");
    printf("  %-26s  %s\n", left, argument->help);
}

void command_print_help(const struct command *command)
{
    printf("Usage: appealctl %s", command->name);
    for (size_t i = 0; i < operand_count(command); i++)
        printf(" %s", command->operands[i]);
    printf(" [OPTION...]\n\n%s\n\nOptions:\n", command->description);
    for (size_t i = 0; i < argument_count(command); i++)
        print_argument(&command->arguments[i]);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        print_argument(&common[i]);
    printf("\nExamples:\n%s", command->examples);
}

static int refuse_unknown(const struct command *command, const char *name, size_t length)
{
    char word[64];
    struct nearest nearest;
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    nearest_init(&nearest, word);
    for (size_t i = 0; i < argument_count(command); i++)
        nearest_offer(&nearest, command->arguments[i].name);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        nearest_offer(&nearest, common[i].name);
    return nearest.best
               ? usage_error(command, "no option '--%s'; did you mean '--%s'?", word, nearest.best)
               : usage_error(command, "no option '--%s'", word);
}

static bool is_named(const char *name, const char *word, size_t length)
{
    return strlen(name) == length && strncmp(name, word, length) == 0;
}

/* One option at argv[*@index], which moves on where the next word is its value. */
static int read_option(const struct command *command, int argc, char **argv, int *index,
                       struct invocation *invocation)
{
    const char *name = argv[*index] + strlen("--");
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;

    if (is_named("json", name, length)) {
        if (value)
            return usage_error(command, "'--json' takes no value");
        invocation->is_json = true;
        return EXIT_FINE;
    }
    for (size_t i = 0; i < argument_count(command); i++) {
        const struct argument *argument = &command->arguments[i];
        if (!is_named(argument->name, name, length))
            continue;
        if (!argument->value && value)
            return usage_error(command, "'--%s' takes no value", argument->name);
        if (argument->value && !value && *index + 1 < argc)
            value = argv[++*index];
        if (argument->value && !value)
            return usage_error(command, "'--%s' needs a %s", argument->name, argument->value);
        invocation->values[i] = value ? value : "";
        return EXIT_FINE;
    }
    return refuse_unknown(command, name, length);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int invocation_read(const struct command *command, int argc, char **argv, struct invocation *ret)
{
    struct invocation invocation = { .command = command };
    size_t given = 0, needed = operand_count(command);
    bool are_options_over = false;

    if (asks_for_help(argc, argv)) {
        command_print_help(command);
        return -1;
    }
    for (int i = 0; i < argc; i++) {
        bool is_option = !are_options_over && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            are_options_over = true;
        } else if (is_option && argv[i][1] != '-') {
            return usage_error(command, "no option '%s'", argv[i]);
        } else if (is_option) {
            int code = read_option(command, argc, argv, &i, &invocation);
            if (code != EXIT_FINE)
                return code;
        } else if (given == needed) {
            return usage_error(command, "'%s' is one word too many", argv[i]);
        } else {
            invocation.operands[given++] = argv[i];
        }
    }
    if (given < needed)
        return usage_error(command, "%s is missing", command->operands[given]);
    *ret = invocation;
    return EXIT_FINE;
}

#include "cli/command.h"

#include "cli/answer.h"
#include "cli/terminal.h"
#include "support/nearest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct argument common[] = {
    { .name = "json", .help = "Print JSON, for scripts." },
    { .name = "help", .help = "Print this help." },
};
enum { COMMON_COUNT = sizeof common / sizeof *common, OPTION_WIDTH = 22 };

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

__attribute__((format(printf, 2, 3))) static int usage_error(const struct invocation *invocation,
                                                             const char *format, ...)
{
    char message[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    answer_fail(invocation, EXIT_USAGE, "usage", "%s", message);
    fprintf(stderr, "Try 'appealctl %s --help'.\n", invocation->command->name);
    return EXIT_USAGE;
}

static void print_argument(const struct argument *argument)
{
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", argument->name, argument->value ? " " : "",
             argument->value ? argument->value : "");
    printf("  %-*s  ", OPTION_WIDTH, left);
    terminal_print_words(argument->help, OPTION_WIDTH + 4);
}

void command_print_help(const struct command *command)
{
    printf("Usage: appealctl %s", command->name);
    for (size_t i = 0; i < operand_count(command); i++)
        printf(" %s", command->operands[i]);
    printf(" [OPTION...]\n\n");
    terminal_print_words(command->description, 0);
    printf("\nOptions:\n");
    for (size_t i = 0; i < argument_count(command); i++)
        print_argument(&command->arguments[i]);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        print_argument(&common[i]);
    printf("\nExamples:\n%s", command->examples);
}

static int refuse_unknown(const struct invocation *invocation, const char *name, size_t length)
{
    const struct command *command = invocation->command;
    char word[64];
    struct nearest nearest;
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    nearest_init(&nearest, word);
    for (size_t i = 0; i < argument_count(command); i++)
        nearest_offer(&nearest, command->arguments[i].name);
    for (size_t i = 0; i < COMMON_COUNT; i++)
        nearest_offer(&nearest, common[i].name);
    return nearest.best ? usage_error(invocation, "no option '--%s'; did you mean '--%s'?", word,
                                      nearest.best)
                        : usage_error(invocation, "no option '--%s'", word);
}

static bool is_named(const char *name, const char *word, size_t length)
{
    return strlen(name) == length && strncmp(name, word, length) == 0;
}

/* One option at argv[*@index], which moves on where the next word is its value. */
static int read_option(int argc, char **argv, int *index, struct invocation *invocation)
{
    const struct command *command = invocation->command;
    const char *name = argv[*index] + strlen("--");
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;

    if (is_named("json", name, length)) {
        if (value)
            return usage_error(invocation, "'--json' takes no value");
        return EXIT_FINE; /* seen already */
    }
    for (size_t i = 0; i < argument_count(command); i++) {
        const struct argument *argument = &command->arguments[i];
        if (!is_named(argument->name, name, length))
            continue;
        if (!argument->value && value)
            return usage_error(invocation, "'--%s' takes no value", argument->name);
        if (argument->value && !value && *index + 1 < argc)
            value = argv[++*index];
        if (argument->value && !value)
            return usage_error(invocation, "'--%s' needs a %s", argument->name, argument->value);
        invocation->values[i] = value ? value : "";
        return EXIT_FINE;
    }
    return refuse_unknown(invocation, name, length);
}

static bool is_among_options(int argc, char **argv, const char *word)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], word) == 0)
            return true;
    return false;
}

int invocation_read(const struct command *command, int argc, char **argv, struct invocation *ret)
{
    /* Known first of all, so that what is wrong with the rest is told as it asks. */
    struct invocation invocation = { .command = command,
                                     .is_json = is_among_options(argc, argv, "--json") };
    size_t given = 0, needed = operand_count(command);
    bool are_options_over = false;

    if (is_among_options(argc, argv, "--help") || is_among_options(argc, argv, "-h")) {
        command_print_help(command);
        return -1;
    }
    for (int i = 0; i < argc; i++) {
        bool is_option = !are_options_over && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            are_options_over = true;
        } else if (is_option && argv[i][1] != '-') {
            return usage_error(&invocation, "no option '%s'", argv[i]);
        } else if (is_option) {
            int code = read_option(argc, argv, &i, &invocation);
            if (code != EXIT_FINE)
                return code;
        } else if (given == needed) {
            return usage_error(&invocation, "'%s' is one word too many", argv[i]);
        } else {
            invocation.operands[given++] = argv[i];
        }
    }
    if (given < needed)
        return usage_error(&invocation, "%s is missing", command->operands[given]);
    *ret = invocation;
    return EXIT_FINE;
}

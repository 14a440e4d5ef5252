/* appealctl completions: the table of commands, as a shell needs it to complete a line. */
#include "cli/answer.h"
#include "cli/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Within single quotes of a shell; @special are escaped by a backslash for the reader behind it. */
static void print_quoted(const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            printf("'\\''");
        else if (strchr(special, *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void print_names(void)
{
    for (size_t i = 0; i < command_count(); i++)
        printf("%s ", command_at(i)->name);
}

static void print_bash_command(const struct command *command)
{
    const struct argument *option;

    printf("    %s) options='", command->name);
    for (size_t i = 0; (option = command_option_at(command, i)); i++)
        printf("%s--%s", i ? " " : "", option->name);
    printf("' ;;\n");
}

static void print_bash(void)
{
    printf("# appealctl completions bash\n"
           "_appealctl() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} options=\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        COMPREPLY=($(compgen -W '");
    print_names();
    printf("--help --version' -- \"$word\"))\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < command_count(); i++)
        print_bash_command(command_at(i));
    printf("    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _appealctl appealctl\n");
}

static void print_zsh_command(const struct command *command)
{
    const struct argument *option;

    printf("    %s) _arguments", command->name);
    for (size_t i = 0; (option = command_option_at(command, i)); i++) {
        printf(" '--%s[", option->name);
        print_quoted(option->help, "[]:\\");
        printf("]%s%s%s'", option->value ? ":" : "", option->value ? option->value : "",
               option->value ? ":_files" : "");
    }
    printf(" '*:file:_files' ;;\n");
}

static void print_zsh(void)
{
    printf("#compdef appealctl\n"
           "_appealctl() {\n"
           "    local -a commands=(\n");
    for (size_t i = 0; i < command_count(); i++) {
        printf("        '%s:", command_at(i)->name);
        print_quoted(command_at(i)->summary, ":\\");
        printf("'\n");
    }
    printf("    )\n"
           "    if ((CURRENT == 2)); then\n"
           "        _describe command commands\n"
           "        return\n"
           "    fi\n"
           "    shift words\n"
           "    ((CURRENT--))\n"
           "    case $words[1] in\n");
    for (size_t i = 0; i < command_count(); i++)
        print_zsh_command(command_at(i));
    printf("    esac\n"
           "}\n"
           "if [[ $funcstack[1] == _appealctl ]]; then\n"
           "    _appealctl \"$@\"\n"
           "else\n"
           "    compdef _appealctl appealctl\n"
           "fi\n");
}

/* What the scripts are made of, for other programs. */
static json_t *describe_command(const struct command *command)
{
    json_t *options = json_array();
    const struct argument *option;

    for (size_t i = 0; (option = command_option_at(command, i)); i++)
        json_array_append_new(options, json_pack("{s:s, s:s?, s:s}", "name", option->name, "value",
                                                 option->value, "help", option->help));
    return json_pack("{s:s, s:s, s:o}", "name", command->name, "summary", command->summary,
                     "options", options);
}

static json_t *describe_all(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < command_count(); i++)
        json_array_append_new(list, describe_command(command_at(i)));
    return json_pack("{s:o}", "commands", list);
}

static const struct {
    const char *name;
    void (*print)(void);
} shells[] = {
    { "bash", print_bash },
    { "zsh", print_zsh },
};

static int run(const struct invocation *invocation)
{
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].name, invocation->operands[0]) != 0)
            continue;
        if (invocation->is_json)
            return answer_print(invocation, describe_all());
        shells[i].print();
        return EXIT_FINE;
    }
    return answer_fail(invocation, EXIT_USAGE, "usage",
                       "no completions for '%s': expected bash or zsh", invocation->operands[0]);
}

const struct command command_completions = {
    .name = "completions",
    .summary = "What bash or zsh needs to complete appealctl.",
    .operands = { "SHELL" },
    .description = "Prints a script for SHELL, bash or zsh, that completes commands, options "
                   "and files. --json prints the commands and options that it knows.",
    .examples = "  appealctl completions bash > /etc/bash_completion.d/appealctl\n"
                "  appealctl completions zsh > \"${fpath[1]}/_appealctl\"\n",
    .run = run,
};

/* appealctl messages: what the daemon's log can say, out of the table that it speaks by. */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "log/messages.h"

#include <stdio.h>
#include <string.h>

static void print_text(enum message message)
{
    char code[MESSAGE_CODE_SIZE];
    const struct message_terms *terms = message_get(message);
    printf("%s%s%s (%s): %s.\n", terminal_begin(stdout, TERMINAL_BOLD), message_code(message, code),
           terminal_end(stdout), log_level_name(terms->level), terms->happened);
    terminal_print_wrapped(terms->means);
    terminal_print_wrapped(terms->act);
}

static void print_markdown(enum message message)
{
    char code[MESSAGE_CODE_SIZE];
    const struct message_terms *terms = message_get(message);
    printf("%s## %s\n\n%s, `MESSAGE_ID=%s`. **%s.** %s\n\n**Do:** %s\n", message ? "\n" : "",
           message_code(message, code), log_level_name(terms->level), terms->id, terms->happened,
           terms->means, terms->act);
}

/* As journald's catalogue wants it: https://systemd.io/CATALOG/. */
static void print_catalog(enum message message)
{
    char code[MESSAGE_CODE_SIZE];
    const struct message_terms *terms = message_get(message);
    printf("%s-- %s\nSubject: %s (%s)\nDefined-By: appeal-router\n"
           "Documentation: man:appeal-routerd(8)\n\n%s\n\nWhat to do: %s\n",
           message ? "\n" : "", terms->id, terms->happened, message_code(message, code),
           terms->means, terms->act);
}

static json_t *describe(enum message message)
{
    char code[MESSAGE_CODE_SIZE];
    const struct message_terms *terms = message_get(message);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "code", message_code(message, code), "level",
                     log_level_name(terms->level), "message_id", terms->id, "happened",
                     terms->happened, "means", terms->means, "do", terms->act);
}

static json_t *describe_all(void)
{
    json_t *list = json_array();
    for (enum message message = 0; message < MESSAGE_COUNT; message++)
        json_array_append_new(list, describe(message));
    return json_pack("{s:o}", "messages", list);
}

static int run(const struct invocation *invocation)
{
    const char *code = invocation_value(invocation, "code");
    void (*print)(enum message message) = invocation_has(invocation, "catalog")    ? print_catalog
                                          : invocation_has(invocation, "markdown") ? print_markdown
                                                                                   : print_text;
    enum message first = 0;

    if (code && !message_find(code, &first))
        return answer_fail(invocation, EXIT_FAILED, "not_found",
                           "no message has the code '%s'; 'appealctl messages' lists them", code);
    if (invocation->is_json)
        return answer_print(invocation, code ? describe(first) : describe_all());
    for (enum message message = first; message < (code ? first + 1 : MESSAGE_COUNT); message++)
        print(message);
    return EXIT_FINE;
}

const struct command command_messages = {
    .name = "messages",
    .summary = "What the daemon's log can say, and what to do about it.",
    .arguments = { { .name = "code", .value = "CODE", .help = "Tell of this one only." },
                   { .name = "markdown", .help = "Print the sections of docs/messages.md." },
                   { .name = "catalog", .help = "Print the journal's catalogue." } },
    .description = "Prints every message of the log with its code, which ends each line of it: "
                   "what has happened, what that means, and what to do. In the journal "
                   "'journalctl -x' shows the same.",
    .examples = "  appealctl messages --code shard-stopped\n"
                "  appealctl messages --json | jq -r '.messages[] | .level + \" \" + .code'\n",
    .run = run,
};

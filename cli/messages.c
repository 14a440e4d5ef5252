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

static void print_each(void (*print)(enum message message))
{
    for (enum message message = 0; message < MESSAGE_COUNT; message++)
        print(message);
}

static json_t *describe_all(void)
{
    json_t *list = json_array();
    for (enum message message = 0; message < MESSAGE_COUNT; message++)
        json_array_append_new(list, describe(message));
    return json_pack("{s:o}", "messages", list);
}

static int print_one(const struct invocation *invocation, const char *code)
{
    enum message message;
    if (!message_find(code, &message))
        return answer_fail(invocation, EXIT_FAILED, "not_found",
                           "no message has the code '%s'; 'appealctl messages' lists them", code);
    if (invocation->is_json)
        return answer_print(invocation, describe(message));
    print_text(message);
    return EXIT_FINE;
}

static int run(const struct invocation *invocation)
{
    const char *code = invocation_value(invocation, "code");
    if (code)
        return print_one(invocation, code);
    if (invocation->is_json)
        return answer_print(invocation, describe_all());
    if (invocation_has(invocation, "catalog"))
        print_each(print_catalog);
    else
        print_each(invocation_has(invocation, "markdown") ? print_markdown : print_text);
    return EXIT_FINE;
}

const struct command command_messages = {
    .name = "messages",
    .summary = "What the daemon's log can say: what each message means, what to do.",
    .arguments = { { .name = "code", .value = "CODE", .help = "Tell of this one only." },
                   { .name = "markdown", .help = "Print the sections of docs/messages.md." },
                   { .name = "catalog", .help = "Print the journal's catalogue." } },
    .description =
        "Prints every message of the log with its code, which ends each line of it: "
        "what has happened,\n"
        "what that means, and what to do. In the journal 'journalctl -x' shows the same.",
    .examples =
        "  appealctl messages --code shard-stopped\n"
        "  appealctl messages --json | jq -r '.messages[] | select(.level == \"error\").code'\n",
    .run = run,
};

/* appealctl settings: the manual of the settings file, out of the table that its parser reads. */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "config/options.h"
#include "config/schema.h"
#include "config/setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What one may write there: "1 to 5000", "error, warning, info or debug". */
static void print_takes(FILE *stream, const struct option *option)
{
    static const char *const names[OPTION_KIND_COUNT] = {
        [OPTION_TEXT] = "a text",
        [OPTION_NAME] = "a name",
        [OPTION_TOPIC] = "a topic",
        [OPTION_TOPICS] = "a list of topics",
        [OPTION_BOOL] = "true or false",
        [OPTION_PATH] = "a path",
        [OPTION_SECRET] = "the path of a file",
        [OPTION_FILE] = "the path of a file",
        [OPTION_KEY] = "the path of a file",
        [OPTION_ADDRESS] = "address:port",
        [OPTION_REDIS_URL] = "a URL",
        [OPTION_PROPERTIES] = "a map",
        [OPTION_SHARDS] = "a list of shards",
    };
    char minimum[ARO_SPAN_TEXT_SIZE], maximum[ARO_SPAN_TEXT_SIZE];

    if (option->kind == OPTION_INTEGER) {
        fprintf(stream, "%" PRId64 " to %" PRId64, option->minimum, option->maximum);
    } else if (option->kind == OPTION_SPAN) {
        aro_span_format((struct aro_span){ option->minimum }, minimum);
        aro_span_format((struct aro_span){ option->maximum }, maximum);
        fprintf(stream, "%s to %s", minimum, maximum);
    } else if (option->kind == OPTION_CHOICE) {
        for (size_t i = 0; option->choices[i]; i++)
            fprintf(stream, "%s%s", i ? " or " : "", option->choices[i]);
    } else {
        fputs(names[option->kind], stream);
    }
}

static void print_option(const struct option *option, const char *prefix)
{
    printf("%s%s%s%s: ", terminal_begin(stdout, TERMINAL_BOLD), prefix, option->name,
           terminal_end(stdout));
    print_takes(stdout, option);
    if (option->required)
        printf("; must be set");
    else if (option->initial)
        printf("; unless given %s", option->initial);
    printf("%s\n", option->reloadable ? "; changed by a reload" : "");
    terminal_print_wrapped(option->help);
}

static void print_markdown(const struct option *option, const char *prefix)
{
    printf("| `%s%s` | ", prefix, option->name);
    print_takes(stdout, option);
    printf(" | ");
    if (option->initial)
        printf("`%s`", option->initial);
    printf("%s | %s%s |\n", option->required ? "must be set" : "", option->help,
           option->reloadable ? " Changed by a reload." : "");
}

static void print_table(const struct option_table *table, const char *prefix,
                        void (*print)(const struct option *option, const char *prefix))
{
    for (size_t i = 0; i < table->count; i++)
        print(&table->options[i], prefix);
}

static int run(const struct invocation *invocation)
{
    bool is_markdown = invocation_has(invocation, "markdown");
    if (invocation->is_json)
        return answer_print(invocation, config_schema_new());
    if (is_markdown)
        printf("| setting | takes | unless given | |\n| --- | --- | --- | --- |\n");
    print_table(&config_options, "", is_markdown ? print_markdown : print_option);
    print_table(&shard_options, "shards[].", is_markdown ? print_markdown : print_option);
    return EXIT_FINE;
}

const struct command command_settings = {
    .name = "settings",
    .summary = "The daemon's settings: what each takes and does.",
    .arguments = { { .name = "markdown", .help = "Print the table of docs/configuration.md." } },
    .description = "Prints every setting of appeal-routerd's file, with what it takes, the "
                   "value it has unless given, and whether a reload can change it. --json "
                   "prints the file's JSON Schema.",
    .examples = "  appealctl settings | less\n"
                "  appealctl settings --json > config.schema.json     for an editor to check by\n",
    .run = run,
};

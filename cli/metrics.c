/* appealctl metrics: the manual of /metrics, out of the table that it is made from. */
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

static void print_markdown_labels(const char *labels)
{
    while (*labels) {
        size_t length = strcspn(labels, ",");
        printf("`%.*s`%s", (int)length, labels, labels[length] ? ", " : "");
        labels += length + (labels[length] == ',');
    }
}

static void print_markdown(const struct metric_terms *terms)
{
    printf("| `%s` | %s | ", terms->name, metric_kind_name(terms->kind));
    print_markdown_labels(terms->labels);
    printf(" | %s |\n", terms->help);
}

static void print_terms(const struct metric_terms *terms)
{
    printf("%s%s%s%s: %s\n", terms->name, *terms->labels ? "{" : "", terms->labels,
           *terms->labels ? "}" : "", metric_kind_name(terms->kind));
    terminal_print_wrapped(terms->help);
}

static void print_each(void (*print)(const struct metric_terms *terms))
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
        print(metric_get(metric));
}

static json_t *describe_terms(const struct metric_terms *terms)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "name", terms->name, "kind",
                     metric_kind_name(terms->kind), "labels", terms->labels, "help", terms->help);
}

static json_t *describe_all(void)
{
    json_t *list = json_array();
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
        json_array_append_new(list, describe_terms(metric_get(metric)));
    return json_pack("{s:o}", "metrics", list);
}

static int run(const struct invocation *invocation)
{
    if (invocation->is_json)
        return answer_print(invocation, describe_all());
    if (!invocation_has(invocation, "markdown")) {
        print_each(print_terms);
        return EXIT_FINE;
    }
    printf("| metric | kind | labels | |\n| --- | --- | --- | --- |\n");
    print_each(print_markdown);
    return EXIT_FINE;
}

const struct command command_metrics = {
    .name = "metrics",
    .summary = "The daemon's metrics: what each tells.",
    .arguments = { { .name = "markdown", .help = "Print the table of docs/metrics.md." } },
    .description = "Prints every metric of /metrics, with its kind, its labels and what it "
                   "tells.",
    .examples = "  appealctl metrics | less\n"
                "  appealctl metrics --json | jq -r '.metrics[].name'\n",
    .run = run,
};

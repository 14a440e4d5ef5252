/* appealctl bundle */
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* "appeal-router-router-a-20261125T102030Z.json" */
static void default_path(const json_t *bundle, char *path, size_t size)
{
    const char *instance =
        json_string_value(json_object_get(json_object_get(bundle, "status"), "instance"));
    char when[32];
    time_t now = time(NULL);
    struct tm parts;

    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
    snprintf(path, size, "appeal-router-%s-%s.json", instance ? instance : "unknown", when);
}

/* Takes @bundle. */
static int write_bundle(const struct invocation *invocation, json_t *bundle)
{
    const char *path = invocation_value(invocation, "output");
    char own[400];

    if (!path) {
        default_path(bundle, own, sizeof own);
        path = own;
    }
    int r = json_dump_file(bundle, path, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(bundle);
    if (r < 0)
        return answer_fail(invocation, EXIT_FAILED, "output", "cannot write '%s': %s", path,
                           strerror(errno));
    printf("%s\n", path);
    return EXIT_FINE;
}

static int run(const struct invocation *invocation)
{
    json_t *bundle;

    if (invocation->is_json)
        return ask(invocation, NULL);
    int code = ask_for(invocation, NULL, &bundle);
    return code == EXIT_FINE ? write_bundle(invocation, bundle) : code;
}

const struct command command_bundle = {
    .name = "bundle",
    .summary = "Writes a file for a support case: no secrets in it.",
    .arguments = { ASK_SOCKET,
                   { .name = "output", .value = "FILE", .help = "Where to write it." } },
    .description = "Gathers what a person would ask for who has to help: versions, status, "
                   "queues, settings, metrics and the last lines of the log. Secrets are left "
                   "out, and so is every appeal's text. Prints the name of the file; with "
                   "--json the bundle itself.",
    .examples = "  appealctl bundle\n"
                "  appealctl bundle --output case-1234.json\n",
    .run = run,
};

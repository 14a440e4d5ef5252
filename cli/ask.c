#include "cli/ask.h"

#include "cli/answer.h"
#include "cli/terminal.h"
#include "control/client.h"

#include <string.h>
#include <time.h>

/* A reload or a drain may take a while: it is answered after its commit. */
static const struct aro_span patience = { .ms = 60 * 1000 };

static const struct timespec watch_interval = { .tv_sec = 2 };

/* What a script is to do about an error: mend the input, mend the call, or try again. */
static int exit_code_of(const json_t *error)
{
    static const struct {
        const char *code;
        int exit_code;
    } rows[] = {
        { CONTROL_ERROR_CONFIGURATION, EXIT_WRONG_INPUT },
        { CONTROL_ERROR_REQUEST, EXIT_USAGE },
    };
    const char *code = json_string_value(json_object_get(error, "code"));
    for (size_t i = 0; code && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].code, code) == 0)
            return rows[i].exit_code;
    return EXIT_FAILED;
}

int ask_for(const struct invocation *invocation, json_t *args, json_t **ret)
{
    const char *path = invocation_value(invocation, "socket");
    struct aro_error error = { 0 };
    json_t *answer;
    int code = EXIT_FINE;

    int r = client_call(path ? path : CONTROL_SOCKET_DEFAULT, invocation->command->name, args,
                        patience, &answer, &error);
    json_decref(args);
    if (r < 0)
        return answer_fail(invocation, EXIT_FAILED, "unreachable", "%s", error.message);
    json_t *failure = json_object_get(answer, "error");
    if (json_is_true(json_object_get(answer, "ok")))
        *ret = json_incref(json_object_get(answer, "result"));
    else
        code = answer_fail_with(invocation, exit_code_of(failure), json_incref(failure));
    json_decref(answer);
    return code;
}

int ask(const struct invocation *invocation, json_t *args)
{
    json_t *result;
    int code = ask_for(invocation, args, &result);
    return code == EXIT_FINE ? answer_print(invocation, result) : code;
}

int ask_or_watch(const struct invocation *invocation)
{
    if (!invocation_has(invocation, "watch"))
        return ask(invocation, NULL);
    for (;;) {
        terminal_clear(stdout);
        int code = ask(invocation, NULL);
        if (fflush(stdout) != 0)
            return code;
        nanosleep(&watch_interval, NULL);
    }
}

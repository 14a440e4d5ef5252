#include "cli/ask.h"

#include "cli/answer.h"
#include "control/client.h"

#include <string.h>

/* A reload or a drain may take a while: it is answered after its commit. */
static const struct aro_span patience = { .ms = 60 * 1000 };

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

int ask(const struct invocation *invocation, json_t *args)
{
    const char *path = invocation_value(invocation, "socket");
    struct aro_error error = { 0 };
    json_t *answer;

    int r = client_call(path ? path : CONTROL_SOCKET_DEFAULT, invocation->command->name, args,
                        patience, &answer, &error);
    json_decref(args);
    if (r < 0)
        return answer_fail(invocation, EXIT_FAILED, "unreachable", "%s", error.message);
    json_t *failure = json_object_get(answer, "error");
    int code = json_is_true(json_object_get(answer, "ok"))
                   ? answer_print(invocation, json_incref(json_object_get(answer, "result")))
                   : answer_fail_with(invocation, exit_code_of(failure), json_incref(failure));
    json_decref(answer);
    return code;
}

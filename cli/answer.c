#include "cli/answer.h"

#include "cli/render.h"
#include "cli/terminal.h"
#include "control/protocol.h"
#include "support/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        memory_exhausted();
    printf("%s\n", text);
    free(text);
}

int answer_print(const struct invocation *invocation, json_t *value)
{
    if (invocation->is_json)
        print_json(value);
    else
        render(stdout, value);
    json_decref(value);
    return EXIT_FINE;
}

/* Takes @error. */
static void print_error(const struct invocation *invocation, json_t *error)
{
    json_t *answer = json_pack("{s:o}", "error", error);
    if (invocation->is_json)
        print_json(answer);
    json_decref(answer);
}

int answer_fail_with(const struct invocation *invocation, int exit_code, json_t *error)
{
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *owner = json_string_value(json_object_get(error, "owner"));

    terminal_error("%s%s%s%s", message ? message : "no reason was given",
                   owner ? " (the owner is " : "", owner ? owner : "", owner ? ")" : "");
    print_error(invocation, error);
    return exit_code;
}

int answer_fail(const struct invocation *invocation, int exit_code, const char *code,
                const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return answer_fail_with(
        invocation, exit_code,
        json_pack("{s:s, s:o}", "code", code, "message", control_text_new(message)));
}

int answer_fail_file(const struct invocation *invocation, const char *path,
                     const struct aro_error *error)
{
    json_t *told = json_pack("{s:s, s:o, s:o}", "code", "input", "message",
                             control_text_new(error->message), "file", control_text_new(path));

    terminal_file_error(path, error);
    if (error->line > 0) {
        json_object_set_new(told, "line", json_integer(error->line));
        json_object_set_new(told, "column", json_integer(error->column));
    }
    if (error->field[0] != '\0')
        json_object_set_new(told, "field", control_text_new(error->field));
    print_error(invocation, told);
    return EXIT_WRONG_INPUT;
}

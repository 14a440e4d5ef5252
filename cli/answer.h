/* How a command ends: with a result or with an error, as JSON or for people. */
#ifndef APPEALCTL_ANSWER_H
#define APPEALCTL_ANSWER_H

#include "cli/command.h"

#include <aro/error.h>

#include <jansson.h>

/* Prints @value, as JSON where the invocation asks for it. Gives EXIT_FINE. Takes @value. */
int answer_print(const struct invocation *invocation, json_t *value);

/* Says what went wrong on stderr, and with --json as {"error": {"code", "message", ...}} on stdout
 * too. Gives @exit_code. */
int answer_fail(const struct invocation *invocation, int exit_code, const char *code,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As answer_fail(), of an error that has been put together elsewhere. Takes @error. */
int answer_fail_with(const struct invocation *invocation, int exit_code, json_t *error);

/* As answer_fail() with EXIT_WRONG_INPUT and the code "input": what is wrong in the file @path,
 * and where. */
int answer_fail_file(const struct invocation *invocation, const char *path,
                     const struct aro_error *error);

#endif

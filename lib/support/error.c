#include <aro/error.h>

#include "support/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_fill(struct aro_error *error, enum aro_error_code code, unsigned line,
                       unsigned column, const char *field, const char *format, va_list arguments)
{
    if (!error)
        return;
    *error = (struct aro_error){ .code = code, .line = line, .column = column };
    if (field)
        snprintf(error->field, sizeof error->field, "%s", field);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    utf8_drop_malformed(error->message); /* what it repeats is cut after so many bytes */
}

int aro_error_set(struct aro_error *reterr, int r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_fill(reterr, ARO_ERROR_NONE, 0, 0, NULL, format, arguments);
    va_end(arguments);
    return r;
}

int aro_error_set_at(struct aro_error *reterr, int r, unsigned line, unsigned column,
                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_fill(reterr, ARO_ERROR_NONE, line, column, NULL, format, arguments);
    va_end(arguments);
    return r;
}

int aro_error_set_event(struct aro_error *reterr, enum aro_error_code code, const char *field,
                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_fill(reterr, code, 0, 0, field, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

const char *aro_error_code_name(enum aro_error_code code)
{
    static const char *const names[] = {
        [ARO_ERROR_NONE] = "none", [ARO_ERROR_JSON] = "json",   [ARO_ERROR_LIMIT] = "limit",
        [ARO_ERROR_TYPE] = "type", [ARO_ERROR_FIELD] = "field",
    };
    return names[code];
}

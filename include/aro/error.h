/* What went wrong, as a value that travels up to whoever turns it into a decision.
 *
 * Functions of the library return 0 or a negative errno; those that can say more fill the
 * `struct aro_error` they are given, on failure only. */
#ifndef ARO_ERROR_H
#define ARO_ERROR_H

#include <stddef.h>

/* Why an event was refused: the `aro-error-code` of its dead letter. */
enum aro_error_code {
    ARO_ERROR_NONE,
    ARO_ERROR_JSON,  /* syntax, UTF-8, duplicate member, byte order mark, NUL */
    ARO_ERROR_LIMIT, /* size, nesting, lengths, counts */
    ARO_ERROR_TYPE,  /* event type missing, unknown, or not for this topic */
    ARO_ERROR_FIELD, /* missing, wrong type or range, key differs from the body */
};

struct aro_error {
    enum aro_error_code code; /* set for events only */
    unsigned line, column;    /* from 1; 0 where there is no such place */
    char field[160];          /* "attributes.value", "rules[3].when"; empty where none */
    char message[512];        /* one sentence, without a full stop or the place */
};

/* Formats @format into @reterr->message, and gives back @r, so that a function can say
 * `return aro_error_set(reterr, -EINVAL, "no market '%s'", market);`. @reterr may be NULL. */
int aro_error_set(struct aro_error *reterr, int r, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As aro_error_set(), with the place in a text: a rulebook or settings file. */
int aro_error_set_at(struct aro_error *reterr, int r, unsigned line, unsigned column,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* As aro_error_set(), for an event: always -EINVAL. @field may be NULL. */
int aro_error_set_event(struct aro_error *reterr, enum aro_error_code code, const char *field,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "json", "limit", "type", "field"; "none" for ARO_ERROR_NONE. */
const char *aro_error_code_name(enum aro_error_code code);

#endif

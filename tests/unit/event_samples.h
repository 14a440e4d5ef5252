/* The sample events of tests/data, as the records that would carry them. */
#ifndef EVENT_SAMPLES_H
#define EVENT_SAMPLES_H

#include <aro/event.h>

#include <jansson.h>

enum { SAMPLE_HEADERS_MAX = 8 };

/* A record and the memory it lies in. */
struct sample {
    struct aro_message message;
    struct aro_header headers[SAMPLE_HEADERS_MAX];
    char *value; /* owned */
};

/* Reads "tests/data/<name>"; fails the test where it cannot. */
json_t *samples_load(const char *name);

/* The record of an entry of broken_events.json. */
void sample_from_broken(const json_t *entry, struct sample *ret);

/* The bytes of an entry's "value", "value_base64" or "value_parts"; NULL where the value is null.
 * The caller frees them. */
char *sample_value(const json_t *entry, size_t *ret_length);

/* The record of an entry of good_events.json in one of its three forms. */
enum sample_form { SAMPLE_PLAIN, SAMPLE_BINARY, SAMPLE_STRUCTURED, SAMPLE_FORM_COUNT };
void sample_from_good(const json_t *entry, enum sample_form form, struct sample *ret);

void sample_done(struct sample *sample);

#endif

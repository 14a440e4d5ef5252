/* How one entry of the log is written: as a line of text, as a JSON object, as the journal's
 * fields.
 *
 * Whatever comes in, what comes out is UTF-8 and one entry: bytes that are none become U+FFFD, and
 * control characters '?', so that nobody forges a line or commands a terminal. Only the journal,
 * which frames its fields, keeps the ends of lines. */
#ifndef APPEAL_ROUTERD_LOG_ENCODING_H
#define APPEAL_ROUTERD_LOG_ENCODING_H

#include "log/messages.h"

#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* What a line is about; members that do not apply stay NULL. Written in this order. */
struct log_subject {
    const char *shard;
    const char *topic;
    const char *record; /* "<topic>/<partition>/<offset>" */
    const char *market;
    const char *queue;
    const char *appeal;
    const char *agent;
    const char *peer;  /* a neighbour: "redis", "kafka", or who calls the control socket */
    const char *trace; /* a W3C traceparent, of which the trace's id is written */
};

struct log_entry {
    enum message message;
    const struct log_subject *subject; /* NULL: the daemon itself */
    const char *sentence;
    unsigned repeat_count; /* of entries before it, that were left out */
    struct aro_instant at;
};

enum {
    LOG_SENTENCE_MAX = 2048, /* bytes; what is longer is cut between two characters */
    LOG_VALUE_MAX = 300,     /* of one member of the subject */
};

/* Each appends to @ret. */

/* "shard=main appeal=a-91: the sentence (3 repeats before it were left out) [the-code]" */
void log_encode_text(const struct log_entry *entry, struct buffer *ret);
/* One object on one line, without the line's end, of @length_max bytes at the most: the sentence is
 * cut, so that it always stays an object. */
void log_encode_json(const struct log_entry *entry, size_t length_max, struct buffer *ret);
/* The fields of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/. */
void log_encode_journal(const struct log_entry *entry, struct buffer *ret);

/* The same for a @sentence of one line about the daemon itself, without memory: into the @size
 * bytes of @ret. Gives the length, or 0 where it does not fit. */
size_t log_encode_journal_bare(enum message message, const char *sentence, size_t size, char *ret);

#endif

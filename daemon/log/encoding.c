#include "log/encoding.h"

#include "codec/json_writer.h"
#include "codec/trace_context.h"
#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/utf8.h"

#include <ctype.h>
#include <endian.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FACILITY_DAEMON = 3, /* syslog's, and what the journal takes a unit's stderr for */
};

static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "shard", offsetof(struct log_subject, shard) },
    { "topic", offsetof(struct log_subject, topic) },
    { "record", offsetof(struct log_subject, record) },
    { "market", offsetof(struct log_subject, market) },
    { "queue", offsetof(struct log_subject, queue) },
    { "appeal", offsetof(struct log_subject, appeal) },
    { "agent", offsetof(struct log_subject, agent) },
    { "peer", offsetof(struct log_subject, peer) },
    { "trace", offsetof(struct log_subject, trace) },
};

/* ---- texts from anywhere ---- */

/* Appends @text, @length_max bytes of it at the most, as characters that can be shown. */
static void add_clean(struct buffer *buffer, const char *text, size_t length_max,
                      bool keeps_line_ends)
{
    static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
    size_t end = buffer->length + length_max;

    while (*text) {
        size_t length = (unsigned char)*text < 0x80 ? 1 : utf8_length(text);
        const char *shown = length ? text : unknown;
        size_t shown_length = length ? length : sizeof unknown - 1;
        if (length && utf8_is_control(text, length) && !(keeps_line_ends && *text == '\n')) {
            shown = "?";
            shown_length = 1;
        }
        if (buffer->length + shown_length > end)
            return;
        buffer_add(buffer, shown, shown_length);
        text += length ? length : 1;
    }
}

/* ---- the subject ---- */

/* Calls @add with each member that applies. */
static void each_member(const struct log_subject *subject,
                        void (*add)(void *context, const char *name, const char *value),
                        void *context)
{
    CLEANUP(buffer_done) struct buffer clean = { 0 };
    char id[TRACE_ID_SIZE];

    for (size_t i = 0; subject && i < sizeof members / sizeof *members; i++) {
        const char *value = *(const char *const *)((const char *)subject + members[i].offset);
        if (!value)
            continue;
        buffer_clear(&clean);
        if (members[i].offset != offsetof(struct log_subject, trace))
            add_clean(&clean, value, LOG_VALUE_MAX, false);
        else if (traceparent_is_valid(value, strlen(value)))
            buffer_add(&clean, trace_id(value, id), TRACE_ID_SIZE - 1);
        if (clean.length > 0)
            add(context, members[i].name, clean.data);
    }
}

/* The parts of a record's place, in place; false where it is none. */
static bool split_record(char *place, char **ret_partition, char **ret_offset)
{
    char *offset = strrchr(place, '/');
    if (!offset)
        return false;
    *offset = '\0';
    char *partition = strrchr(place, '/');
    if (!partition)
        return false;
    *partition = '\0';
    *ret_partition = partition + 1;
    *ret_offset = offset + 1;
    return true;
}

/* What searches and machines read: "topic", "partition" and "offset" in place of "record". */
struct fields {
    void (*add_text)(void *context, const char *name, const char *value);
    void (*add_number)(void *context, const char *name, const char *digits);
    void *context;
};

static void add_field(void *context, const char *name, const char *value)
{
    const struct fields *fields = context;
    char *partition, *offset;

    if (strcmp(name, "record") != 0) {
        fields->add_text(fields->context, name, value);
        return;
    }
    CLEANUP(freep) char *place = strdup(value);
    if (place && split_record(place, &partition, &offset)) {
        fields->add_text(fields->context, "topic", place);
        fields->add_number(fields->context, "partition", partition);
        fields->add_number(fields->context, "offset", offset);
    }
}

/* ---- text ---- */

static void add_text_member(void *context, const char *name, const char *value)
{
    struct buffer *ret = context;
    buffer_add_format(ret, "%s=%s ", name, value);
}

/* The subject and the sentence. */
static void add_body(const struct log_entry *entry, bool keeps_line_ends, struct buffer *ret)
{
    size_t start = ret->length;

    each_member(entry->subject, add_text_member, ret);
    if (ret->length > start) {
        ret->length--; /* the last blank */
        buffer_add_text(ret, ": ");
    }
    add_clean(ret, entry->sentence, LOG_SENTENCE_MAX, keeps_line_ends);
    if (entry->repeat_count > 0)
        buffer_add_format(ret, " (%u repeats before it were left out)", entry->repeat_count);
}

void log_encode_text(const struct log_entry *entry, struct buffer *ret)
{
    char code[MESSAGE_CODE_SIZE];

    add_body(entry, false, ret);
    buffer_add_format(ret, " [%s]", message_code(entry->message, code));
}

/* ---- JSON ---- */

static void add_json_text(void *context, const char *name, const char *value)
{
    json_add_text(context, name, value);
}

static void add_json_number(void *context, const char *name, const char *digits)
{
    json_add_integer(context, name, strtoll(digits, NULL, 10));
}

static void add_object(const struct log_entry *entry, size_t sentence_max, struct buffer *ret)
{
    CLEANUP(buffer_done) struct buffer sentence = { 0 };
    char code[MESSAGE_CODE_SIZE];
    struct json_writer writer = { .buffer = ret };
    struct fields fields = { add_json_text, add_json_number, &writer };

    json_open_object(&writer, NULL);
    json_add_instant(&writer, "time", entry->at);
    json_add_text(&writer, "level", log_level_name(message_get(entry->message)->level));
    json_add_text(&writer, "code", message_code(entry->message, code));
    each_member(entry->subject, add_field, &fields);
    if (entry->repeat_count > 0)
        json_add_integer(&writer, "repeats_left_out", entry->repeat_count);
    buffer_add(&sentence, "", 0);
    add_clean(&sentence, entry->sentence, sentence_max, false);
    json_add_text(&writer, "message", sentence.data);
    json_close_object(&writer);
}

void log_encode_json(const struct log_entry *entry, size_t length_max, struct buffer *ret)
{
    struct log_entry bare = *entry;
    size_t start = ret->length;

    /* Quotes and backslashes are written as two, so the length is known only afterwards. */
    for (size_t sentence_max = LOG_SENTENCE_MAX; sentence_max > 0; sentence_max /= 2) {
        ret->length = start;
        add_object(entry, sentence_max, ret);
        if (ret->length - start <= length_max)
            return;
    }
    bare.subject = NULL; /* no id or name is that long */
    ret->length = start;
    add_object(&bare, 0, ret);
}

/* ---- the journal ---- */

static void add_journal_text(void *context, const char *name, const char *value)
{
    struct buffer *ret = context;
    size_t length = strlen(value);

    for (; *name; name++)
        buffer_add(ret, &(char){ (char)toupper((unsigned char)*name) }, 1);
    if (strchr(value, '\n')) {
        uint64_t framed = htole64(length);
        buffer_add(ret, "\n", 1);
        buffer_add(ret, &framed, sizeof framed);
    } else {
        buffer_add(ret, "=", 1);
    }
    buffer_add(ret, value, length);
    buffer_add(ret, "\n", 1);
}

void log_encode_journal(const struct log_entry *entry, struct buffer *ret)
{
    CLEANUP(buffer_done) struct buffer message = { 0 };
    const struct message_terms *terms = message_get(entry->message);
    struct fields fields = { add_journal_text, add_journal_text, ret };
    char code[MESSAGE_CODE_SIZE];

    buffer_add(&message, "", 0);
    add_body(entry, true, &message);
    add_journal_text(ret, "message", message.data);
    add_journal_text(ret, "message_id", terms->id);
    add_journal_text(ret, "code", message_code(entry->message, code));
    buffer_add_format(ret, "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=appeal-routerd\n",
                      log_level_priority(terms->level), FACILITY_DAEMON);
    if (entry->repeat_count > 0)
        buffer_add_format(ret, "REPEATS_LEFT_OUT=%u\n", entry->repeat_count);
    each_member(entry->subject, add_field, &fields);
}

size_t log_encode_journal_bare(enum message message, const char *sentence, size_t size, char *ret)
{
    const struct message_terms *terms = message_get(message);
    char code[MESSAGE_CODE_SIZE];
    int length = snprintf(ret, size,
                          "MESSAGE=%s\nMESSAGE_ID=%s\nCODE=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\n"
                          "SYSLOG_IDENTIFIER=appeal-routerd\n",
                          sentence, terms->id, message_code(message, code),
                          log_level_priority(terms->level), FACILITY_DAEMON);

    return (size_t)length < size ? (size_t)length : 0;
}

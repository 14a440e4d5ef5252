#include "kafka/batch.h"

#include "support/memory.h"

#include <aro/event.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these a record's headers and key are left out of its dead letter, which says so. */
enum { HEADER_BYTES_MAX = 64 * 1024, KEY_BYTES_MAX = 64 * 1024 };

struct batch *batch_new(void)
{
    struct batch *batch = memory_new(sizeof *batch);

    if (aro_effects_new(&batch->effects) < 0)
        memory_exhausted();
    batch->dead_letters_end = &batch->dead_letters;
    batch->ledger_offset = -1;
    return batch;
}

static void dead_letter_free(struct dead_letter *letter)
{
    free(letter->key);
    free(letter->value);
    if (letter->headers)
        rd_kafka_headers_destroy(letter->headers);
    free(letter);
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    batch_tell_waiters(batch, false);
    while (batch->dead_letters) {
        struct dead_letter *letter = batch->dead_letters;
        batch->dead_letters = letter->next;
        dead_letter_free(letter);
    }
    aro_effects_free(batch->effects);
    if (batch->offsets)
        rd_kafka_topic_partition_list_destroy(batch->offsets);
    free(batch->arrivals);
    free(batch->positions);
    free(batch->topics);
    free(batch);
}

bool batch_is_empty(const struct batch *batch)
{
    return batch->input_count == 0 && !batch->must_commit && !batch->waiters &&
           aro_effects_record_count(batch->effects) == 0;
}

size_t batch_byte_count(const struct batch *batch)
{
    return aro_effects_byte_count(batch->effects) + batch->dead_letter_bytes;
}

size_t batch_record_count(const struct batch *batch)
{
    return aro_effects_record_count(batch->effects) + batch->dead_letter_count;
}

static void add_header(rd_kafka_headers_t *headers, const char *name, const char *value)
{
    if (rd_kafka_header_add(headers, name, -1, value, -1))
        memory_exhausted();
}

static size_t headers_byte_count(const rd_kafka_headers_t *headers)
{
    size_t bytes = 0, size;
    const char *name;
    const void *value;

    for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); i++)
        bytes += strlen(name) + size;
    return bytes;
}

/* The input's own headers, less those that an earlier dead letter of ours left on it, and less all
 * where they are so large that the dead letter itself might find no room in its topic. */
static rd_kafka_headers_t *input_headers(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *own = NULL;

    if (rd_kafka_message_headers(message, &own))
        return rd_kafka_headers_new(8);
    if (headers_byte_count(own) > HEADER_BYTES_MAX) {
        rd_kafka_headers_t *headers = rd_kafka_headers_new(8);
        add_header(headers, "aro-headers-dropped", "too large");
        return headers;
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_copy(own);
    static const char *const ours[] = { "aro-source",    "aro-error-code",      "aro-error",
                                        "aro-truncated", "aro-headers-dropped", "aro-key-dropped" };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        rd_kafka_header_remove(headers, ours[i]);
    return headers;
}

static rd_kafka_headers_t *dead_letter_headers(const rd_kafka_message_t *message,
                                               const struct aro_error *error)
{
    rd_kafka_headers_t *headers = input_headers(message);
    char text[700];

    snprintf(text, sizeof text, "%s/%" PRId32 "/%" PRId64, rd_kafka_topic_name(message->rkt),
             message->partition, message->offset);
    add_header(headers, "aro-source", text);
    add_header(headers, "aro-error-code", aro_error_code_name(error->code));
    bool is_named = strstr(error->message, error->field); /* as it is where there is no field */
    snprintf(text, sizeof text, "%s%s%s", is_named ? "" : error->field, is_named ? "" : ": ",
             error->message);
    add_header(headers, "aro-error", text);
    if (message->len > ARO_VALUE_LENGTH_MAX) {
        snprintf(text, sizeof text, "%zu", message->len);
        add_header(headers, "aro-truncated", text);
    }
    if (message->key_len > KEY_BYTES_MAX) {
        snprintf(text, sizeof text, "%zu", message->key_len);
        add_header(headers, "aro-key-dropped", text);
    }
    return headers;
}

static void *copy_bytes(const void *bytes, size_t length)
{
    if (!bytes)
        return NULL;
    void *copy = memory_new(length ? length : 1);
    memcpy(copy, bytes, length);
    return copy;
}

void batch_add_dead_letter(struct batch *batch, const rd_kafka_message_t *message,
                           const struct aro_error *error)
{
    struct dead_letter *letter = memory_new(sizeof *letter);

    if (message->key_len <= KEY_BYTES_MAX) {
        letter->key_length = message->key_len;
        letter->key = copy_bytes(message->key, message->key_len);
    }
    letter->value_length =
        message->len < ARO_VALUE_LENGTH_MAX ? message->len : ARO_VALUE_LENGTH_MAX;
    letter->value = copy_bytes(message->payload, letter->value_length);
    letter->headers = dead_letter_headers(message, error);
    *batch->dead_letters_end = letter;
    batch->dead_letters_end = &letter->next;
    batch->dead_letter_count++;
    batch->dead_letter_bytes += letter->key_length + letter->value_length;
}

void batch_add_arrival(struct batch *batch, struct aro_instant at)
{
    batch->arrivals = memory_reach(batch->arrivals, batch->arrival_count, &batch->arrival_size,
                                   sizeof *batch->arrivals);
    batch->arrivals[batch->arrival_count++] = at;
}

void batch_wait(struct batch *batch, void (*done)(bool is_committed, void *context), void *context)
{
    struct batch_waiter *waiter = memory_new(sizeof *waiter);
    *waiter = (struct batch_waiter){ .done = done, .context = context, .next = batch->waiters };
    batch->waiters = waiter;
}

void batch_tell_waiters(struct batch *batch, bool is_committed)
{
    while (batch->waiters) {
        struct batch_waiter *waiter = batch->waiters;
        batch->waiters = waiter->next;
        waiter->done(is_committed, waiter->context);
        free(waiter);
    }
}

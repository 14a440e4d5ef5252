#include "shard/synthetic_event.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

void synthetic_id(const char *shard, struct aro_instant now, char ret[static SYNTHETIC_ID_SIZE])
{
    snprintf(ret, SYNTHETIC_ID_SIZE, ARO_SYNTHETIC_PREFIX "%.64s:%" PRId64, shard, now.ms);
}

void synthetic_write_submitted(struct buffer *json, const char *id, struct aro_instant now)
{
    char time[ARO_INSTANT_TEXT_SIZE];

    aro_instant_format(now, time);
    buffer_add_format(json,
                      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"%s\",\"market\":\"ZZ\","
                      "\"languages\":[\"en\"],\"reason\":\"synthetic\",\"submitted_at\":\"%s\"}",
                      id, time);
}

void synthetic_write_decided(struct buffer *json, const char *id)
{
    buffer_add_format(
        json, "{\"type\":\"appeal.decided\",\"appeal_id\":\"%s\",\"outcome\":\"upheld\"}", id);
}

int synthetic_check_rulebook(struct aro_languages *languages, const struct aro_rulebook *rulebook,
                             struct aro_error *reterr)
{
    CLEANUP(buffer_done) struct buffer json = { 0 };
    char id[SYNTHETIC_ID_SIZE];
    const struct aro_event *event;
    struct aro_event_reader *reader;
    struct aro_error error = { 0 };

    if (aro_event_reader_new(languages, &reader) < 0)
        memory_exhausted();
    synthetic_id("check", (struct aro_instant){ 0 }, id);
    synthetic_write_submitted(&json, id, (struct aro_instant){ 0 });
    const struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                         .value = json.data,
                                         .value_length = json.length };
    int r = aro_event_read(reader, &message, &event, &error);
    if (r == 0)
        r = aro_rulebook_check_event(rulebook, event, &error);
    aro_event_reader_free(reader);
    if (r < 0)
        return aro_error_set(reterr, r, "synthetic.interval: %s", error.message);
    return 0;
}

/* The members of each event: which it may have, which it must have, and what they may hold. */
#ifndef ARO_CODEC_EVENT_MEMBERS_H
#define ARO_CODEC_EVENT_MEMBERS_H

#include "codec/json_reader.h"

#include <aro/event.h>

enum { MEMBER_INDEX_SIZE = 128 };

/* The rows of the contract by a hash of their names: which is small, fixed and ours, so the names
 * that others choose make no place crowded. */
struct member_index {
    uint8_t rows[MEMBER_INDEX_SIZE]; /* from 1; 0: free */
};

/* Where the lists of an event lie; the same memory for one event after the other. */
struct event_memory {
    struct aro_languages *languages; /* borrowed */
    struct member_index index;
    const char **texts; /* one for each node of the largest event so far */
    size_t text_count, text_size;
    struct aro_language_level agent_languages[ARO_AGENT_LIST_MAX];
    struct aro_skill skills[ARO_AGENT_LIST_MAX];
    struct aro_shift shifts[ARO_AGENT_LIST_MAX];
};

/* @memory is zeroed; @languages is borrowed. */
void event_memory_init(struct event_memory *memory, struct aro_languages *languages);
void event_memory_done(struct event_memory *memory);

/* Reads the members of @object into @event, whose type is set and the rest blank. -EINVAL for the
 * first that is wrong in the order written, then for the first that is missing in the order of
 * the contract; -ENOMEM. */
int event_members_read(struct event_memory *memory, const struct json_node *object,
                       struct aro_event *event, struct aro_error *reterr);

/* As read for a member: is it 1..128 characters of the alphabet of ids? */
int event_id_check(const char *field, const char *text, size_t length, struct aro_error *reterr);

#endif

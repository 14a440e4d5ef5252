/* Where the lists of an event lie: the same memory for one event after the other. */
#ifndef ARO_CODEC_EVENT_MEMORY_H
#define ARO_CODEC_EVENT_MEMORY_H

#include "codec/member.h"

#include <aro/event.h>

struct event_memory {
    struct aro_languages *languages; /* borrowed */
    struct member_index index;       /* of the members of all events */
    const char **texts;              /* one for each node of the largest event so far */
    size_t text_count, text_size;
    struct aro_language_level agent_languages[ARO_AGENT_LIST_MAX];
    struct aro_skill skills[ARO_AGENT_LIST_MAX];
    struct aro_shift shifts[ARO_AGENT_LIST_MAX];
};

void event_memory_done(struct event_memory *memory);

/* Forgets the last event's texts and makes room for @count: no event keeps more than it has nodes.
 * -ENOMEM. */
int event_memory_reserve(struct event_memory *memory, size_t count);

/* Keeps @text behind those kept before. */
void event_memory_keep(struct event_memory *memory, const char *text);

#endif

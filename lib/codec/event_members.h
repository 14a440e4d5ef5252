/* The contract of what comes in: the members of each event, which it must have, what they may hold.
 */
#ifndef ARO_CODEC_EVENT_MEMBERS_H
#define ARO_CODEC_EVENT_MEMBERS_H

#include "codec/event_memory.h"

/* Fills the index that event_members_read() finds rows by. @index is zeroed. */
void event_members_index(struct member_index *index);

/* Reads the members of @object into @event, whose type is set and the rest blank. -EINVAL as
 * reading_members() says it; -ENOMEM. */
int event_members_read(struct event_memory *memory, const struct json_node *object,
                       struct aro_event *event, struct aro_error *reterr);

/* Checks an id that is no member: a record's key. */
int event_id_check(const char *field, const char *text, size_t length, struct aro_error *reterr);

#endif

/* Which shards are ours: one group consumer, subscribed to the ledger topic only.
 *
 * Whoever the group gives ledger partition s owns shard s; nothing is ever read through this
 * consumer. An assignment begins a term, and the term's group metadata is taken there and then,
 * once: every transaction of the term carries it, so a paused owner, who would get the new
 * generation if it asked again, is fenced by the old one. */
#ifndef APPEAL_ROUTERD_KAFKA_MEMBERSHIP_H
#define APPEAL_ROUTERD_KAFKA_MEMBERSHIP_H

#include "config/config.h"

#include <aro/error.h>

#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct membership;

/* A generation of the group, as its member saw it at the assignment. Shared by the loop and the
 * writers' threads; never changes. */
struct term;
struct term *term_ref(struct term *term);
void term_unref(struct term *term);
const rd_kafka_consumer_group_metadata_t *term_metadata(const struct term *term);

struct membership_callbacks {
    /* The group gave us these ledger partitions (all that we have now). */
    void (*on_assigned)(const int32_t *partitions, size_t count, struct term *term, void *context);
    /* The group takes all partitions back. With @is_lost they are already somebody else's. The
     * group waits until membership_release() is called. */
    void (*on_revoked)(bool is_lost, void *context);
    /* The consumer has left the group and is closed, after membership_leave(). */
    void (*on_left)(void *context);
    /* A second process with this static instance name: we were thrown out for good. */
    void (*on_fenced)(const char *text, void *context);
    void *context;
};

int membership_new(struct event_base *base, const struct config *config, int64_t start_time_ms,
                   const struct membership_callbacks *callbacks, struct membership **ret,
                   struct aro_error *reterr);
void membership_free(struct membership *membership);

/* Joins the group. To be called once the ledgers have been read. */
int membership_join(struct membership *membership, struct aro_error *reterr);

/* Makes the consumer anew, by the settings as they are now, once it has left or before it has
 * joined. No writer may be at work. -EINVAL: there is none any more. */
int membership_reopen(struct membership *membership, struct aro_error *reterr);

/* Answers a revocation. */
void membership_release(struct membership *membership);

/* Leaves the group; on_revoked comes first where partitions are held, then on_left. */
void membership_leave(struct membership *membership);
bool membership_has_joined(const struct membership *membership);

/* For how long the group's consumer has not been asked for its events. */
int64_t membership_silence_ms(const struct membership *membership);

/* The member id by which the group knows us; empty before the first term. */
const char *membership_member_id(const struct membership *membership);

/* Has it joined, and is it not in the group all the same: not let in yet, or out of its reach for
 * longer than the session and not let in again? */
bool membership_is_outside(const struct membership *membership);

/* Why the group does not let us in, in one sentence; empty where it does, or has not been asked. */
const char *membership_trouble(const struct membership *membership);

/* Is @term still the group's present one? Commits @ledger_offset of the ledger partition as a plain
 * member, which the coordinator refuses to whoever is not one. Blocks up to @timeout_ms; to be
 * called on a helper's thread. 0: yes; -EPERM: not the owner; with @reterr -EAGAIN: no answer,
 * -EACCES: the ACLs keep our user from the group. */
int membership_probe(struct membership *membership, const struct term *term, int32_t partition,
                     int64_t ledger_offset, int timeout_ms, struct aro_error *reterr);

/* Fills in the group's committed offsets, negative where there is none; blocks and fails likewise.
 */
int membership_committed(struct membership *membership, rd_kafka_topic_partition_list_t *offsets,
                         int timeout_ms, struct aro_error *reterr);

#endif

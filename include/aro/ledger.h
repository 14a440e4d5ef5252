/* The ledger's bookkeeping records: who owns the shard, how far it has read, which rules were in
 * force.
 *
 * One compacted Kafka partition holds a shard's whole state, a record a key. The router writes and
 * reads the records of appeals, agents, subjects, markets, queues and the rulebook
 * (aro/router.h); the shell those here. All are JSON objects with `v`, the format's version. */
#ifndef ARO_LEDGER_H
#define ARO_LEDGER_H

#include <aro/error.h>
#include <aro/time.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARO_LEDGER_VERSION 1
#define ARO_LEDGER_KEY_OWNER "owner"
#define ARO_LEDGER_KEY_POSITIONS "positions"
#define ARO_LEDGER_KEY_TOPICS "topics"

/* The claim: the first record of a term. */
struct aro_owner {
    char instance[256];
    char group[256];
    char claim[64]; /* unique: start time, instance and a counter would do */
    struct aro_instant time;
};

/* One a transaction, its first ledger record: what it has read, and which transaction it is. */
struct aro_positions {
    char claim[64];
    uint64_t seq;            /* of the claim: 1, 2, 3... */
    struct aro_instant time; /* core time */
    size_t source_count;
    struct aro_position { /* sorted by topic, partition */
        char topic[256];
        int32_t partition;
        int64_t next_offset;
    } * sources;      /* owned */
    json_t *counters; /* of aro_router_counters_get(); owned; NULL where none */
};

/* What the topics were when the shard began, to notice that one was recreated or grew. */
struct aro_topics {
    size_t topic_count;
    struct aro_topic {
        char name[256];
        char id[64]; /* Kafka's topic id where the client can tell; empty otherwise */
        int32_t partition_count;
    } * topics; /* owned; sorted by name */
};

/* Each returns malloc'd JSON (the caller frees) or NULL without memory. */
char *aro_owner_format(const struct aro_owner *owner);
char *aro_positions_format(const struct aro_positions *positions);
char *aro_topics_format(const struct aro_topics *topics);

/* -EINVAL with @reterr where damaged or of an unknown version. */
int aro_owner_parse(const char *text, size_t length, struct aro_owner *ret,
                    struct aro_error *reterr);
int aro_positions_parse(const char *text, size_t length, struct aro_positions *ret,
                        struct aro_error *reterr);
int aro_topics_parse(const char *text, size_t length, struct aro_topics *ret,
                     struct aro_error *reterr);

void aro_positions_done(struct aro_positions *positions);
void aro_topics_done(struct aro_topics *topics);

#endif

/* A shard: a set of topics, the ledger partition that holds its state, and the router in between.
 *
 * Every process folds every shard's ledger; the group says which of them owns a shard and routes.
 * The order of the steps from one to the other is what exactly-once rests on: see
 * docs/architecture.md, "Exactly once". */
#ifndef APPEAL_ROUTERD_SHARD_SHARD_H
#define APPEAL_ROUTERD_SHARD_SHARD_H

#include "config/config.h"
#include "config/rulebook_file.h"
#include "board/board.h"
#include "kafka/membership.h"
#include "metrics/histogram.h"
#include "shard/queue_tally.h"

#include <aro/error.h>
#include <aro/language.h>
#include <aro/router.h>

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

struct shard;

enum shard_state {
    SHARD_FOLDING,   /* a fresh process reads the ledger to its end */
    SHARD_STANDBY,   /* follows the ledger */
    SHARD_CLAIMING,  /* the group gave it to us: fencing whoever had it, and claiming it */
    SHARD_SETTLING,  /* claimed; reading what was written before the claim */
    SHARD_OWNER,     /* routes */
    SHARD_RESOLVING, /* a commit is in doubt: claiming again to read what became of it */
    SHARD_STOPPED,   /* keeps its partition and does nothing until an operator says so */
};
const char *shard_state_name(enum shard_state state);

struct shard_callbacks {
    /* The ledger has been read to its end for the first time. */
    void (*on_caught_up)(struct shard *shard, void *context);
    /* After shard_end_term(): nothing of the old term is under way any more. */
    void (*on_released)(struct shard *shard, void *context);
    /* Something in this process hangs; only a new one helps. */
    void (*on_failed)(struct shard *shard, void *context);
    void *context;
};

/* All borrowed, but for one reference to @rulebook; @membership outlives the shard. Begins to fold.
 * @tombstones_last: for how long the ledger tells that a key is gone. */
int shard_new(struct event_base *base, const struct config *config,
              const struct config_shard *settings, struct membership *membership,
              struct aro_languages *languages, struct rulebook_file *rulebook,
              int64_t start_time_ms, struct aro_span tombstones_last,
              const struct shard_callbacks *callbacks, struct shard **ret,
              struct aro_error *reterr);
void shard_free(struct shard *shard);

/* The group gave us the shard for @term (borrowed; it takes a reference). */
void shard_begin_term(struct shard *shard, struct term *term);

/* The group takes it back: finishes what is under way (2 s at most; nothing where it @is_lost),
 * undoes the rest, then on_released. */
void shard_end_term(struct shard *shard, bool is_lost);

/* Routes by @rulebook (a reference is taken) once everything is ready for it, a moment later where
 * there are very many agents. An owner answers @done when that is committed; a standby at once, and
 * so does an owner whose shard the group takes back before. */
void shard_set_rulebook(struct shard *shard, struct rulebook_file *rulebook,
                        void (*done)(bool is_committed, void *context), void *context);

/* Makes what it reads with anew, after other certificates were loaded. Not of an owner. */
int shard_renew_client(struct shard *shard, struct aro_error *reterr);

/* The board takes @password the next time that it connects; it is copied, and may be NULL. */
void shard_renew_redis_password(struct shard *shard, const char *password);

/* Pauses a market or ends that, and gives whether that changed anything. Of an owner only; it
 * answers
 * @done when it is committed. The market's appeals follow, some with each transaction. */
bool shard_pause_market(struct shard *shard, const char *market, bool is_paused,
                        void (*done)(bool is_committed, void *context), void *context);

/* Begins to send what waits where the rulebook in force sends it. Of an owner only; it answers
 * @done when the last of it is committed, or the shard is lost. -EBUSY where that is under way
 * already. */
int shard_reroute(struct shard *shard, const struct aro_reroute_filter *filter,
                  void (*done)(bool is_committed, void *context), void *context);
/* What the last one has looked at. */
void shard_each_rerouted(struct shard *shard,
                         void (*visit)(const struct aro_reroute_move *move, void *context),
                         void *context);

/* Goes on after a stop. With @accepts_partitions the topics as they are now are taken as right, and
 * with @accepts_new_ledger a ledger that ends early too. Where the ledger may be another than
 * before it is read from its beginning. -EINVAL where it is not stopped. */
int shard_start(struct shard *shard, bool accepts_partitions, bool accepts_new_ledger,
                struct aro_error *reterr);

/* As shard_start() with @accepts_new_ledger, ahead of the first claim: --new-ledger. */
void shard_accept_new_ledger(struct shard *shard);

const char *shard_name(const struct shard *shard);
int32_t shard_partition(const struct shard *shard);
enum shard_state shard_get_state(const struct shard *shard);
bool shard_is_owner(const struct shard *shard);
bool shard_is_released(const struct shard *shard);
/* For how long a transaction has been under way; 0 where none is. */
int64_t shard_committing_ms(const struct shard *shard);
/* Who owns it, by the ledger; empty where nobody has yet. */
const char *shard_owner_name(const struct shard *shard);
const struct aro_router *shard_router(const struct shard *shard);
struct aro_instant shard_now(struct shard *shard);

/* What status shows: a new object. */
json_t *shard_describe(struct shard *shard);

enum { SHARD_OUTPUT_TYPE_COUNT = 12 };

/* What became of an event: it was applied, or ignored for one of the reasons there are. */
enum { SHARD_VERDICT_APPLIED, SHARD_VERDICT_COUNT = 7 };
/* "applied", "repeat" and so on */
const char *shard_verdict_name(unsigned verdict);

/* What this process has done for the shard. Synthetic appeals are in none of it but what is said to
 * be of them, the inputs and the transactions. */
struct shard_tally {
    uint64_t input_count;
    /* Of the inputs, those that are well-formed, by what became of them. */
    uint64_t event_counts[ARO_EVENT_TYPE_COUNT][SHARD_VERDICT_COUNT];
    uint64_t dead_letter_counts[ARO_ERROR_FIELD + 1]; /* and those that are not, by error code */
    uint64_t commit_count, doubt_count, fence_count, take_over_count;
    struct histogram take_over_seconds;       /* from the group's word to the work */
    struct queue_tallies queues;              /* committed */
    struct histogram event_to_commit_seconds; /* from Kafka's time of an input on */
    uint64_t synthetic_sent_count;
    struct histogram synthetic_seconds; /* from the sending of one to its end, committed */
    struct shard_output {
        const char *type; /* a constant: "assignment.created" */
        uint64_t count;
    } outputs[SHARD_OUTPUT_TYPE_COUNT]; /* committed, of every type that there is */
    struct histogram transaction_seconds, transaction_records, transaction_bytes;
};

/* What metrics show. Texts and tally are the shard's, and good until it changes. */
struct shard_figures {
    const struct shard_tally *tally;
    struct aro_router_counts counts;
    size_t batch_record_count, batch_byte_count; /* collected for the next transaction */
    int64_t ledger_next;
    uint64_t begun_count, aborted_count; /* transactions */
    int64_t committed_ms;         /* since the last commit of this process; -1: there was none */
    bool sends_synthetic;         /* as the owner */
    int64_t synthetic_silence_ms; /* since one came back last, or the work began */
    int64_t took_over_ms;         /* -1: not yet */
    int64_t writer_silence_ms;    /* as writer_silence_ms() */
    int64_t reader_silence_ms;    /* as reader_silence_ms(); 0 while a batch is on its way */
    bool has_board;
    struct board_status board;
};
void shard_get_figures(const struct shard *shard, struct shard_figures *ret);

struct shard_source {
    const char *topic;
    int32_t partition;
    int64_t next_offset, lag;
    int64_t lag_ms;      /* how old what was read last is; 0 where all is read */
    int64_t unstable_ms; /* for how long records have waited for the end of a transaction */
};
void shard_each_source(const struct shard *shard,
                       void (*visit)(const struct shard_source *source, void *context),
                       void *context);

/* Why it is stopped; empty where it is not. */
const char *shard_stop_reason(const struct shard *shard);

#endif

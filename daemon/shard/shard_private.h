/* What the files of a shard share: its struct, and the functions by which they call each other. */
#ifndef APPEAL_ROUTERD_SHARD_PRIVATE_H
#define APPEAL_ROUTERD_SHARD_PRIVATE_H

#include "board/board.h"
#include "kafka/batch.h"
#include "kafka/reader.h"
#include "kafka/sender.h"
#include "kafka/writer.h"
#include "log/log.h"
#include "shard/core_clock.h"
#include "shard/ledger_fold.h"
#include "shard/shard.h"

#include <aro/event.h>

/* Why an owner leaves work while the writer still has a batch. */
enum shard_exit { SHARD_EXIT_NONE, SHARD_EXIT_STANDBY, SHARD_EXIT_STOP };

/* Of those that this process sends. */
struct synthetic {
    struct sender *sender;        /* NULL: none was needed yet */
    bool is_out;                  /* the last one has not come back */
    struct aro_instant sent_at;   /* host's time, as are the next */
    struct aro_instant back_at;   /* when one came back last, or the work began */
    struct aro_instant looked_at; /* for any that were left over */
};

struct shard {
    const struct config *config;
    const struct config_shard *settings;
    struct membership *membership;
    struct shard_callbacks callbacks;
    int64_t start_time_ms;

    struct reader *reader;
    struct writer *writer;
    struct board *board; /* NULL: none */
    struct event *tick_timer, *claim_timer, *release_timer, *watch_timer, *census_timer,
        *prepare_timer;
    struct aro_languages *languages;

    struct aro_event_reader *event_reader;
    struct aro_router *router;
    struct rulebook_file *rulebook; /* the router's */
    /* Loaded since: the router's once it is ready for it, or from the next term on. */
    struct rulebook_file *rulebook_next;
    struct swap_waiter *swap_waiters; /* until then */
    struct ledger_fold fold;
    struct core_clock clock;

    enum shard_state state;
    char stop_reason[600];
    enum shard_exit exit_pending;     /* when the writer gives its batch back */
    struct aro_span tombstones_last;  /* in the ledger topic */
    struct aro_instant was_at_end_at; /* of the ledger; host's time */
    bool is_clock_apart;              /* as has been said */
    struct aro_instant looked_at_topics_at;
    bool is_asking_for_end; /* of the ledger, as a standby */
    bool has_read_anew;     /* after a stall, and nothing has come since */
    bool has_caught_up;     /* the ledger's end was reached: what comes is live */
    bool distrusts_memory;  /* it stopped since the ledger may be another than was folded */

    struct term *term;                           /* NULL: the group has not given us the shard */
    bool is_releasing;                           /* the group waits for us */
    bool accepts_partitions, accepts_new_ledger; /* an operator's word, for the next claim */
    char claim[64];
    unsigned claim_count;
    int64_t claim_offset;
    bool has_claimed;     /* the claim is committed; it may not be read yet */
    int64_t took_over_ms; /* from the assignment to the first record routed; -1: not yet */
    struct aro_instant assigned_at; /* or told to start again */

    struct aro_topics topics_now;    /* as the claim found them */
    struct aro_positions begins_now; /* where each source partition began then */

    struct batch *collecting, *in_flight;
    bool writer_has_batch; /* it is @in_flight, and not ours to change */
    struct board_change *in_flight_change;
    struct aro_positions in_flight_positions;
    int64_t ledger_next; /* after the last record known to be committed and in memory */
    uint64_t seq;
    unsigned doubt_count; /* in a row */
    unsigned duel_count;  /* claims of others in this term, though the group says that it is ours */
    struct aro_positions resume_positions; /* while resolving: where the sources are read on */

    void (*on_rerouted)(bool is_committed, void *context); /* NULL: nobody waits for that */
    void *on_rerouted_context;

    unsigned work_slice; /* appeals; as many as take a few milliseconds */

    bool wants_ends; /* a timer is due: may it fire? */
    struct aro_instant ends_asked_at;
    struct aro_positions ends; /* where the sources ended then */
    bool has_ends;

    struct shard_tally tally;
    struct synthetic synthetic;
    int64_t sent_at_ms;      /* the batch in flight; monotonic, as is the next */
    int64_t committed_at_ms; /* the last one; 0: none yet */
};

/* shard.c: states, and leaving a term */
const struct log_subject *shard_about(const struct shard *shard);
void shard_move(struct shard *shard, enum shard_state next);
bool shard_has_worked(const struct shard *shard);
/* Undoes what is not committed, and stops. While the writer has a batch it waits for that. */
void shard_stop(struct shard *shard, const char *reason);
/* Undoes likewise, and follows the ledger. */
void shard_become_standby(struct shard *shard);
/* What was put off while the writer had a batch. */
void shard_exit(struct shard *shard);
/* Reads on behind the last transaction that is in memory. */
void shard_follow_ledger(struct shard *shard);

/* shard_claim.c: taking over, and resolving what is in doubt */
/* Claims the shard for a new term, or again when the last commit is in doubt. */
void shard_claim(struct shard *shard);
void shard_claim_later(struct shard *shard);
void shard_on_claim_timer(evutil_socket_t descriptor, short what, void *context);
void shard_on_claim_done(struct shard *shard, struct writer_result *result);
/* Our claim may have been read by now. */
void shard_go_on_after_claim(struct shard *shard);
/* Another instance has claimed the shard, as @error says: stands by, and asks whose it is. */
void shard_lose_to_other(struct shard *shard, const struct aro_error *error);
/* Are the topics as the ledger knows them? -EINVAL with @reterr. */
int shard_check_topics(const struct shard *shard, const struct aro_topics *now,
                       struct aro_error *reterr);
/* The router's rulebook becomes the one that was loaded last. */
void shard_swap_rulebook(struct shard *shard);

/* shard_input.c: records as they come */
void shard_on_ledger_record(const rd_kafka_message_t *message, void *context);
void shard_on_source_record(const rd_kafka_message_t *message, enum aro_topic_kind kind,
                            void *context);
void shard_on_ledger_end(void *context);
void shard_on_turn(void *context);
bool shard_wants_more(void *context);
void shard_on_broken(const char *text, void *context);

/* shard_commit.c: batches on their way */

void shard_outputs_init(struct shard_tally *tally);
/* Hands the collected batch to the writer, where that is idle and there is something in it. */
void shard_commit_next(struct shard *shard);
void shard_on_commit_done(struct shard *shard, struct writer_result *result);
void shard_give_to_writer(struct shard *shard);
/* The batch in flight is in the ledger, whose last record of it is at @ledger_offset. */
void shard_settle_in_flight(struct shard *shard, int64_t ledger_offset);
const struct aro_position *shard_find_position(const struct aro_positions *positions,
                                               const char *topic, int32_t partition);
/* The caller owns the list. */
struct aro_positions shard_positions_copy(const struct aro_positions *positions);

/* shard_timer.c: what is due */
void shard_arm_tick(struct shard *shard);
void shard_on_tick_timer(evutil_socket_t descriptor, short what, void *context);
void shard_on_ends_done(struct shard *shard, struct writer_result *result);

/* shard_work.c: what is done some at a time */
/* Adds the next slice of it, if any, to the batch that is being collected. */
void shard_work_on(struct shard *shard);
/* The shard is no longer ours, or about to go: whoever waits is told. */
void shard_end_waiting_for_work(struct shard *shard);

/* shard_rulebook.c: another rulebook */
/* Begins to make the router ready for the next one, and to do what else nobody notices. */
void shard_prepare(struct shard *shard);
void shard_on_prepare_timer(evutil_socket_t descriptor, short what, void *context);
/* As shard_end_waiting_for_work(). */
void shard_end_waiting_for_swap(struct shard *shard);

/* shard_watch.c: what nothing else would notice */
void shard_on_watch_timer(evutil_socket_t descriptor, short what, void *context);
void shard_on_standby_ends(struct shard *shard, const struct writer_result *result);

/* shard_census.c: figures that take a look at everything */
void shard_begin_census(struct shard *shard);
void shard_on_census_timer(evutil_socket_t descriptor, short what, void *context);

/* shard_synthetic.c: appeals to ourselves */
void shard_begin_synthetic(struct shard *shard);
/* Sends the next where it is due. */
void shard_watch_synthetic(struct shard *shard, struct aro_instant now);
/* @note is of one, and committed. */
void shard_on_synthetic_note(struct shard *shard, const struct aro_note *note);
/* Decides what the last census found open for long. */
void shard_look_for_synthetic(struct shard *shard);

/* shard.c */
/* An empty router, to be filled by the ledger from its beginning. */
int shard_begin_fold(struct shard *shard, struct aro_error *reterr);

#endif

/* Folds a shard's ledger into its router, and keeps the books: who claimed it, how far it has read.
 *
 * An owner's own records come back to it; they are in its memory already and are passed over.
 * Each transaction opens with its positions record, which says whose it is and which one, so that
 * an owner that lost the shard in the middle of a commit can tell what was settled. */
#ifndef APPEAL_ROUTERD_SHARD_LEDGER_FOLD_H
#define APPEAL_ROUTERD_SHARD_LEDGER_FOLD_H

#include <aro/error.h>
#include <aro/ledger.h>
#include <aro/router.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_fold {
    struct aro_router *router; /* borrowed */
    const char *group;         /* ours; borrowed */

    bool has_owner, has_positions;
    struct aro_owner owner;         /* the latest claim */
    struct aro_positions positions; /* of the latest transaction folded, or set by the owner */
    struct aro_topics topics;       /* as recorded; empty before */

    bool is_working;      /* we own the shard: every later record must be ours */
    char claim[64];       /* our present or last claim; empty before the first */
    uint64_t settled_seq; /* of @claim: up to here in memory */
    uint64_t seen_seq;    /* of @claim: the highest read back */

    bool passes_over; /* the transaction being read is in memory already */
};

enum ledger_record_kind {
    LEDGER_RECORD_STATE, /* an appeal, an agent and so on */
    LEDGER_RECORD_CLAIM,
    LEDGER_RECORD_POSITIONS, /* a transaction begins */
    LEDGER_RECORD_TOPICS,
};

/* @router and @group are borrowed. */
void ledger_fold_init(struct ledger_fold *fold, struct aro_router *router, const char *group);
void ledger_fold_done(struct ledger_fold *fold);

/* One record, in the ledger's order. 0; -EPERM: another instance of our group has claimed the shard
 * that we own; -EINVAL: what must not be there: damaged, of a newer format, of another group or
 * written without a claim. Both with @reterr. */
int ledger_fold_record(struct ledger_fold *fold, const void *key, size_t key_length,
                       const void *value, size_t value_length, enum ledger_record_kind *ret_kind,
                       struct aro_error *reterr);

/* We own the shard by @claim. */
void ledger_fold_begin_work(struct ledger_fold *fold, const char *claim);

/* Transaction @seq of our claim is committed, with those positions (taken). */
void ledger_fold_settle(struct ledger_fold *fold, uint64_t seq, struct aro_positions *positions);

/* The topics' record that we have written is committed. Copies @topics. */
void ledger_fold_set_topics(struct ledger_fold *fold, const struct aro_topics *topics);

/* We own it no longer; what is read from here is folded, but for what is settled. */
void ledger_fold_end_work(struct ledger_fold *fold);

#endif

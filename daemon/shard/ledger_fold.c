#include "shard/ledger_fold.h"

#include "support/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LENGTH_MAX = 512 };

void ledger_fold_init(struct ledger_fold *fold, struct aro_router *router, const char *group)
{
    *fold = (struct ledger_fold){ .router = router, .group = group };
}

void ledger_fold_done(struct ledger_fold *fold)
{
    aro_positions_done(&fold->positions);
    aro_topics_done(&fold->topics);
}

static bool is_ours(const struct ledger_fold *fold, const char *claim)
{
    return fold->claim[0] && strcmp(fold->claim, claim) == 0;
}

static int fold_owner(struct ledger_fold *fold, const void *value, size_t length,
                      struct aro_error *reterr)
{
    struct aro_owner owner;

    int r = aro_owner_parse(value, length, &owner, reterr);
    if (r < 0)
        return r;
    if (fold->is_working && !is_ours(fold, owner.claim))
        return aro_error_set(reterr, strcmp(owner.group, fold->group) ? -EINVAL : -EPERM,
                             "instance '%s' of group '%s' has claimed this shard too",
                             owner.instance, owner.group);
    fold->owner = owner;
    fold->has_owner = true;
    return 0;
}

static void set_positions(struct ledger_fold *fold, struct aro_positions *positions)
{
    aro_positions_done(&fold->positions);
    fold->positions = *positions;
    *positions = (struct aro_positions){ 0 };
    fold->has_positions = true;
}

static int fold_positions(struct ledger_fold *fold, const void *value, size_t length,
                          struct aro_error *reterr)
{
    struct aro_positions positions;

    int r = aro_positions_parse(value, length, &positions, reterr);
    if (r < 0)
        return r;
    if (is_ours(fold, positions.claim)) {
        if (positions.seq > fold->seen_seq)
            fold->seen_seq = positions.seq;
        fold->passes_over = fold->is_working || positions.seq <= fold->settled_seq;
    } else if (fold->is_working) {
        aro_error_set(reterr, -EINVAL, "transaction %llu of claim '%s' was written beside ours",
                      (unsigned long long)positions.seq, positions.claim);
        aro_positions_done(&positions);
        return -EINVAL;
    } else {
        fold->passes_over = false;
    }
    if (!fold->passes_over) {
        r = positions.counters ? aro_router_counters_set(fold->router, positions.counters) : 0;
        if (r == 0)
            set_positions(fold, &positions);
        else
            aro_error_set(reterr, r, "the ledger's positions record has damaged counters");
    }
    aro_positions_done(&positions);
    return r;
}

static int fold_topics(struct ledger_fold *fold, const void *value, size_t length,
                       struct aro_error *reterr)
{
    struct aro_topics topics;

    if (fold->passes_over)
        return 0;
    int r = aro_topics_parse(value, length, &topics, reterr);
    if (r < 0)
        return r;
    aro_topics_done(&fold->topics);
    fold->topics = topics;
    return 0;
}

int ledger_fold_record(struct ledger_fold *fold, const void *key, size_t key_length,
                       const void *value, size_t value_length, enum ledger_record_kind *ret_kind,
                       struct aro_error *reterr)
{
    char name[KEY_LENGTH_MAX];

    if (!key || key_length == 0 || key_length >= sizeof name)
        return aro_error_set(reterr, -EINVAL, "a record of the ledger has no key of ours");
    memcpy(name, key, key_length);
    name[key_length] = '\0';

    if (strcmp(name, ARO_LEDGER_KEY_OWNER) == 0) {
        *ret_kind = LEDGER_RECORD_CLAIM;
        return fold_owner(fold, value, value_length, reterr);
    }
    if (strcmp(name, ARO_LEDGER_KEY_POSITIONS) == 0) {
        *ret_kind = LEDGER_RECORD_POSITIONS;
        return fold_positions(fold, value, value_length, reterr);
    }
    if (strcmp(name, ARO_LEDGER_KEY_TOPICS) == 0) {
        *ret_kind = LEDGER_RECORD_TOPICS;
        return fold_topics(fold, value, value_length, reterr);
    }
    *ret_kind = LEDGER_RECORD_STATE;
    return fold->passes_over ? 0
                             : aro_router_restore(fold->router, name, value, value_length, reterr);
}

void ledger_fold_begin_work(struct ledger_fold *fold, const char *claim)
{
    if (!is_ours(fold, claim)) {
        snprintf(fold->claim, sizeof fold->claim, "%s", claim);
        fold->settled_seq = fold->seen_seq = 0;
    }
    fold->is_working = true;
    fold->passes_over = true;
}

void ledger_fold_settle(struct ledger_fold *fold, uint64_t seq, struct aro_positions *positions)
{
    fold->settled_seq = seq;
    set_positions(fold, positions);
}

void ledger_fold_set_topics(struct ledger_fold *fold, const struct aro_topics *topics)
{
    size_t size = topics->topic_count * sizeof *topics->topics;

    aro_topics_done(&fold->topics);
    fold->topics.topics = memory_new(size);
    memcpy(fold->topics.topics, topics->topics, size);
    fold->topics.topic_count = topics->topic_count;
}

void ledger_fold_end_work(struct ledger_fold *fold)
{
    fold->is_working = false;
    fold->passes_over = false;
}

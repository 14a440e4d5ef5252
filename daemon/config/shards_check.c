#include "config/shards_check.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LEDGER SIZE_MAX /* in place of a shard's index */

/* Who uses a topic, and where the file says so. */
struct claim {
    const char *topic;
    size_t shard; /* its index, or LEDGER */
    const char *member;
    const struct document_node *node;
};

struct check {
    const struct config *config;
    const struct document_node *root;
    struct claim *claims;
    size_t claim_count, claim_size;
    struct aro_error *reterr;
};

static const struct {
    const char *name;
    size_t offset;
    bool is_list;
} members[] = {
    { "appeals", offsetof(struct config_shard, appeals), true },
    { "agents", offsetof(struct config_shard, agents), true },
    { "reviews", offsetof(struct config_shard, reviews), true },
    { "assignments", offsetof(struct config_shard, assignments), false },
    { "outcomes", offsetof(struct config_shard, outcomes), false },
    { "dead_letters", offsetof(struct config_shard, dead_letters), false },
};

/* The nearest place that the file has: the member itself, or what it is left out of. */
static const struct document_node *place_of(const struct document_node *map, const char *member)
{
    const struct document_node *node = document_find(map, member);
    return node ? node : map;
}

static const struct document_node *place_of_shard(const struct check *check, size_t index)
{
    const struct document_node *shards = document_find(check->root, "shards");
    return shards && index < shards->count ? &shards->items[index] : check->root;
}

static void format_user(const struct claim *claim, char *buffer, size_t size)
{
    if (claim->shard == LEDGER)
        snprintf(buffer, size, "ledger.topic");
    else
        snprintf(buffer, size, "shards[%zu].%s", claim->shard, claim->member);
}

static int claim_topic(struct check *check, const struct claim *claim)
{
    char user[96], other[96];
    for (size_t i = 0; i < check->claim_count; i++) {
        if (strcmp(check->claims[i].topic, claim->topic) != 0)
            continue;
        format_user(claim, user, sizeof user);
        format_user(&check->claims[i], other, sizeof other);
        return aro_error_set_at(check->reterr, -EINVAL, claim->node->line, claim->node->column,
                                "%s: the topic '%s' is taken by %s; each topic has one use", user,
                                claim->topic, other);
    }
    if (check->claim_count == check->claim_size) {
        check->claim_size = check->claim_size ? check->claim_size * 2 : 16;
        check->claims = memory_resize(check->claims, check->claim_size * sizeof *check->claims);
    }
    check->claims[check->claim_count++] = *claim;
    return 0;
}

static int claim_list(struct check *check, const struct config_texts *topics, struct claim claim)
{
    const struct document_node *list = claim.node;
    for (size_t i = 0; i < topics->count; i++) {
        claim.topic = topics->items[i];
        claim.node = list->kind == DOCUMENT_LIST && i < list->count ? &list->items[i] : list;
        int r = claim_topic(check, &claim);
        if (r < 0)
            return r;
    }
    return 0;
}

static int claim_shard(struct check *check, size_t index)
{
    const char *shard = (const char *)&check->config->shards.items[index];
    const struct document_node *map = place_of_shard(check, index);

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const void *member = shard + members[i].offset;
        struct claim claim = {
            .shard = index,
            .member = members[i].name,
            .node = place_of(map, members[i].name),
        };
        if (!members[i].is_list)
            claim.topic = *(char *const *)member;
        int r = members[i].is_list ? claim_list(check, member, claim) : claim_topic(check, &claim);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_name_and_partition(const struct check *check, size_t index)
{
    const struct config_shard *shards = check->config->shards.items;
    const struct document_node *map = place_of_shard(check, index);

    for (size_t i = 0; i < index; i++) {
        const struct document_node *node = place_of(map, "name");
        if (strcmp(shards[i].name, shards[index].name) == 0)
            return aro_error_set_at(check->reterr, -EINVAL, node->line, node->column,
                                    "shards[%zu].name: '%s' is the name of shards[%zu] too", index,
                                    shards[index].name, i);
        node = place_of(map, "partition");
        if (shards[i].partition == shards[index].partition)
            return aro_error_set_at(check->reterr, -EINVAL, node->line, node->column,
                                    "shards[%zu].partition: %" PRId64
                                    " is the partition of shards[%zu] too",
                                    index, shards[index].partition, i);
    }
    return 0;
}

static void check_done(struct check *check)
{
    free(check->claims);
}

int shards_check(const struct config *config, const struct document_node *root,
                 struct aro_error *reterr)
{
    CLEANUP(check_done)
    struct check check = { .config = config, .root = root, .reterr = reterr };
    const struct document_node *ledger = document_find(root, "ledger");
    struct claim claim = {
        .topic = config->ledger_topic,
        .shard = LEDGER,
        .node = ledger ? place_of(ledger, "topic") : root,
    };

    int r = claim_topic(&check, &claim);
    for (size_t i = 0; r == 0 && i < config->shards.count; i++) {
        r = check_name_and_partition(&check, i);
        if (r == 0)
            r = claim_shard(&check, i);
    }
    return r;
}

/* --- the rulebook's queues --- */

static bool names_topic(const char *shard, size_t member, const char *topic)
{
    const void *value = shard + members[member].offset;
    const struct config_texts *list = value;

    if (!members[member].is_list)
        return strcmp(*(char *const *)value, topic) == 0;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], topic) == 0)
            return true;
    }
    return false;
}

/* Who else than readers of assignments uses @topic; false: nobody. */
static bool find_user(const struct config *config, const char *topic, struct claim *ret)
{
    *ret = (struct claim){ .topic = topic, .shard = LEDGER };
    if (strcmp(config->ledger_topic, topic) == 0)
        return true;
    for (size_t i = 0; i < config->shards.count; i++) {
        for (size_t member = 0; member < sizeof members / sizeof *members; member++) {
            *ret = (struct claim){ .topic = topic, .shard = i, .member = members[member].name };
            if (strcmp(ret->member, "assignments") != 0 &&
                names_topic((const char *)&config->shards.items[i], member, topic))
                return true;
        }
    }
    return false;
}

int shards_check_queues(const struct config *config, const struct aro_rulebook *rulebook,
                        struct aro_error *reterr)
{
    for (size_t i = 0; i < aro_rulebook_queue_count(rulebook); i++) {
        const struct aro_queue_terms *queue = aro_rulebook_queue_at(rulebook, i);
        struct claim other;
        char user[96];

        if (!queue->topic || !find_user(config, queue->topic, &other))
            continue;
        format_user(&other, user, sizeof user);
        return aro_error_set(reterr, -EINVAL,
                             "%s: queues.%s.topic: the topic '%s' is taken by %s; each topic has "
                             "one use",
                             config->rulebook, queue->name, queue->topic, user);
    }
    return 0;
}

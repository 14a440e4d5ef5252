/* Pausing a market and resuming it, in every shard of ours. */
#include "loop/commands_private.h"

#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 20 /* of the known markets, in a message */ };

/* ---- what is known ---- */

static void add_name(const struct aro_market_view *market, void *context)
{
    json_object_set_new(context, market->name, json_null());
}

/* The markets of every shard of ours, as the members of an object. */
static json_t *known_markets(const struct daemon *daemon)
{
    json_t *names = json_object();
    size_t index = 0;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;)
        aro_router_each_market(shard_router(shard), add_name, names);
    return names;
}

static bool is_known(const struct daemon *daemon, const char *name)
{
    size_t index = 0;
    struct aro_market_view view;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        if (aro_router_market_view(shard_router(shard), name, &view))
            return true;
    }
    return false;
}

bool command_check_market(const struct daemon *daemon, const char *name,
                          struct control_reply *reply)
{
    CLEANUP(buffer_done) struct buffer text = { 0 };
    json_t *known, *unused;
    const char *other;
    size_t count = 0;

    if (is_known(daemon, name))
        return true;
    known = known_markets(daemon);
    buffer_add_text(&text, "");
    json_object_foreach(known, other, unused)
    {
        if (count++ < NAMES_MAX)
            buffer_add_format(&text, "%s%s", count > 1 ? ", " : "", other);
    }
    if (count > NAMES_MAX)
        buffer_add_format(&text, " and %zu more", count - NAMES_MAX);
    control_reply_error(reply, CONTROL_ERROR_NOT_FOUND,
                        "no market '%s' in the rulebook or with an open appeal; there are: %s",
                        name, count ? text.data : "none");
    json_decref(known);
    return false;
}

/* ---- telling ---- */

struct paused_list {
    json_t *list;
    const char *shard;
};

static const char *paused_by(const struct aro_market_view *market)
{
    if (market->is_paused_by_operator)
        return market->is_paused_by_rulebook ? "operator, rulebook" : "operator";
    return market->is_paused_by_rulebook ? "rulebook" : "";
}

static void add_paused(const struct aro_market_view *market, void *context)
{
    struct paused_list *paused = context;
    if (!market->is_paused_by_operator && !market->is_paused_by_rulebook && !market->is_changing)
        return;
    json_array_append_new(paused->list,
                          json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "market", market->name,
                                    "shard", paused->shard, "paused_by", paused_by(market), "held",
                                    (json_int_t)market->held, "waiting",
                                    (json_int_t)market->waiting, "assigned",
                                    (json_int_t)market->assigned, "changing", market->is_changing));
}

json_t *commands_paused_markets(const struct daemon *daemon)
{
    struct paused_list paused = { .list = json_array() };
    size_t index = 0;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        paused.shard = shard_name(shard);
        aro_router_each_market(shard_router(shard), add_paused, &paused);
    }
    return paused.list;
}

/* ---- changing ---- */

/* A market being paused or resumed in several shards, until the last has committed. */
struct change {
    struct daemon *daemon;
    struct control_reply *reply;
    char *market; /* owned */
    bool is_paused, has_changed, is_committed;
    size_t pending_count;
};

/* The market over all shards of ours. */
static struct aro_market_view sum_up(const struct daemon *daemon, const char *market)
{
    struct aro_market_view sum = { .name = market };
    size_t index = 0;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        struct aro_market_view view;
        aro_router_market_view(shard_router(shard), market, &view);
        sum.is_paused_by_operator |= view.is_paused_by_operator;
        sum.is_paused_by_rulebook |= view.is_paused_by_rulebook;
        sum.is_changing |= view.is_changing;
        sum.held += view.held;
        sum.waiting += view.waiting;
        sum.assigned += view.assigned;
    }
    return sum;
}

static const char *note_of(const struct change *change, const struct aro_market_view *view)
{
    if (!change->is_paused && view->is_paused_by_rulebook)
        return "the rulebook still pauses it: launch it there, and reload";
    if (!change->has_changed)
        return change->is_paused ? "it was paused already" : "it was not paused";
    return view->is_changing ? "its appeals follow, some at a time; 'appealctl queues' shows them"
                             : NULL;
}

/* Shards of the settings that another instance has to be asked for. */
static json_t *shards_elsewhere(const struct daemon *daemon)
{
    json_t *list = json_array();
    for (size_t i = 0; i < daemon->shard_count; i++) {
        if (!shard_is_owner(daemon->shards[i]))
            json_array_append_new(list,
                                  json_pack("{s:s, s:s}", "shard", shard_name(daemon->shards[i]),
                                            "owner", shard_owner_name(daemon->shards[i])));
    }
    return list;
}

/* Those of ours, in which the market is paused or resumed now. */
static json_t *shards_here(const struct daemon *daemon)
{
    json_t *list = json_array();
    size_t index = 0;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;)
        json_array_append_new(list, json_string(shard_name(shard)));
    return list;
}

static void reply_changed(const struct change *change)
{
    struct aro_market_view view = sum_up(change->daemon, change->market);
    bool is_paused = view.is_paused_by_operator || view.is_paused_by_rulebook;
    const char *note = note_of(change, &view);
    json_t *elsewhere = shards_elsewhere(change->daemon);
    json_t *result =
        json_pack("{s:s, s:o, s:b, s:b, s:s, s:I, s:I, s:I, s:b}", "market", change->market,
                  "shards", shards_here(change->daemon), "paused", is_paused, "changed",
                  change->has_changed, "paused_by", paused_by(&view), "held", (json_int_t)view.held,
                  "waiting", (json_int_t)view.waiting, "assigned", (json_int_t)view.assigned,
                  "changing", view.is_changing);

    if (json_array_size(elsewhere) > 0) {
        json_object_set(result, "elsewhere", elsewhere);
        note = note ? note : "not in the shards elsewhere: ask there, too";
    }
    if (note)
        json_object_set_new(result, "note", json_string(note));
    json_decref(elsewhere);
    control_reply_ok(change->reply, result);
}

static void on_changed(bool is_committed, void *context)
{
    struct change *change = context;

    change->is_committed = change->is_committed && is_committed;
    if (--change->pending_count > 0)
        return;
    if (change->is_committed)
        reply_changed(change);
    else
        control_reply_error(change->reply, CONTROL_ERROR_FAILED,
                            "a shard was lost before it was committed; ask its next owner");
    free(change->market);
    free(change);
}

static void change_market(struct daemon *daemon, const char *market, bool is_paused,
                          struct control_reply *reply)
{
    struct change *change = memory_new(sizeof *change);
    size_t index = 0;

    *change = (struct change){ .daemon = daemon,
                               .reply = reply,
                               .market = memory_copy_text(market),
                               .is_paused = is_paused,
                               .is_committed = true,
                               .pending_count = 1 };
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        change->pending_count++;
        change->has_changed |= shard_pause_market(shard, market, is_paused, on_changed, change);
    }
    on_changed(true, change); /* the one counted for this loop */
}

static bool may_change(const struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    const char *market = command_text(args, "market");
    size_t index = 0;

    if (!command_next_owned(daemon, &index)) {
        command_reply_not_owner(daemon, reply);
        return false;
    }
    /* One that no appeal came from yet, if that is meant. */
    if (json_is_true(json_object_get(args, "unseen")) && aro_market_is_country_code(market))
        return true;
    return command_check_market(daemon, market, reply);
}

void command_pause(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    if (may_change(daemon, args, reply))
        change_market(daemon, command_text(args, "market"), true, reply);
}

void command_resume(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    const char *market = command_text(args, "market");

    if (!may_change(daemon, args, reply))
        return;
    struct aro_market_view view = sum_up(daemon, market);
    if (!view.is_paused_by_operator && view.is_paused_by_rulebook)
        control_reply_error(reply, CONTROL_ERROR_REFUSED,
                            "the rulebook pauses market '%s': launch it there, and reload", market);
    else
        change_market(daemon, market, false, reply);
}

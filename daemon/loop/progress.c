#include "loop/progress.h"

#include "loop/daemon.h"

#include <stdio.h>

/* Visits each part: a thread that works for a shard, and each consumer that has to be asked for
 * what it has. One that is not asked because a full batch is on its way does not count: then it is
 * the writer's turn, whose own silence does. */
static void each_part(const struct daemon *daemon,
                      void (*visit)(const char *what, int64_t silent_ms, void *context),
                      void *context)
{
    char what[sizeof(struct progress_hang){ 0 }.what];

    for (size_t i = 0; i < daemon->shard_count; i++) {
        struct shard_figures figures;
        const char *name = shard_name(daemon->shards[i]);
        shard_get_figures(daemon->shards[i], &figures);
        snprintf(what, sizeof what, "the writer of shard '%s'", name);
        visit(what, figures.writer_silence_ms, context);
        snprintf(what, sizeof what, "the reader of shard '%s'", name);
        visit(what, figures.reader_silence_ms, context);
    }
    if (daemon->membership && membership_has_joined(daemon->membership))
        visit("the group's consumer", membership_silence_ms(daemon->membership), context);
}

static void keep_most_silent(const char *what, int64_t silent_ms, void *context)
{
    struct progress_hang *most = context;
    if (silent_ms <= most->silent_ms)
        return;
    most->silent_ms = silent_ms;
    snprintf(most->what, sizeof most->what, "%s", what);
}

bool progress_find_hang(const struct daemon *daemon, int64_t limit_ms, struct progress_hang *ret)
{
    *ret = (struct progress_hang){ .silent_ms = -1 };
    each_part(daemon, keep_most_silent, ret);
    return ret->silent_ms > limit_ms;
}

static void add_part(const char *what, int64_t silent_ms, void *context)
{
    json_object_set_new(context, what, json_real((double)silent_ms / 1000));
}

json_t *progress_describe(const struct daemon *daemon)
{
    json_t *parts = json_object();
    each_part(daemon, add_part, parts);
    /* Told, but never a reason to begin anew: everything goes on by the rulebook in force. */
    add_part("the reading of settings and rulebook", reload_silence_ms(daemon->reload), parts);
    return parts;
}

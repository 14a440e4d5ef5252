#include "loop/status_line.h"

#include "loop/daemon.h"
#include "loop/readiness.h"

#include <inttypes.h>

static void add_lag(const struct shard_source *source, void *context)
{
    int64_t *lag = context;
    *lag += source->lag;
}

static void add_work(struct buffer *line, const struct shard *shard)
{
    struct shard_figures figures;
    int64_t lag = 0;

    shard_get_figures(shard, &figures);
    shard_each_source(shard, add_lag, &lag);
    buffer_add_format(line, ", %" PRIu64 " waiting, %" PRId64 " records behind",
                      figures.counts.waiting, lag);
}

static void add_shard(struct buffer *line, const struct shard *shard)
{
    enum shard_state state = shard_get_state(shard);
    struct shard_figures figures;

    buffer_add_format(line, "%s: %s", shard_name(shard), shard_state_name(state));
    if (shard_is_owner(shard)) {
        add_work(line, shard);
    } else if (state == SHARD_STOPPED) {
        buffer_add_format(line, " (%s)", shard_stop_reason(shard));
    } else if (state == SHARD_FOLDING) {
        shard_get_figures(shard, &figures);
        buffer_add_format(line, ", the ledger is read to offset %" PRId64, figures.ledger_next);
    } else if (state == SHARD_STANDBY && *shard_owner_name(shard)) {
        buffer_add_format(line, ", %s owns it", shard_owner_name(shard));
    }
}

static void add_waiting(struct buffer *line, const struct daemon *daemon)
{
    char trouble[TROUBLE_TEXT_SIZE];

    readiness_trouble(daemon, trouble);
    buffer_add_format(line, "waiting for Kafka%s%s", *trouble ? ": " : "", trouble);
}

void status_line_write(const struct daemon *daemon, struct buffer *line)
{
    if (daemon->is_ending)
        buffer_add_text(line, "leaving; ");
    if (daemon->shard_count == 0)
        add_waiting(line, daemon);
    for (size_t i = 0; i < daemon->shard_count; i++) {
        if (i > 0)
            buffer_add_text(line, "; ");
        add_shard(line, daemon->shards[i]);
    }
}

#include "shard/shard_private.h"

#include "loop/host_clock.h"
#include "loop/monotonic.h"

void shard_each_source(const struct shard *shard,
                       void (*visit)(const struct shard_source *source, void *context),
                       void *context)
{
    const struct aro_positions *positions = reader_positions(shard->reader);

    for (size_t i = 0; i < positions->source_count; i++) {
        int64_t end = reader_known_end(shard->reader, i), next = positions->sources[i].next_offset;
        const struct shard_source source = { .topic = positions->sources[i].topic,
                                             .partition = positions->sources[i].partition,
                                             .next_offset = next,
                                             .lag = end > next ? end - next : 0,
                                             .lag_ms = reader_lag_ms(shard->reader, i),
                                             .unstable_ms = reader_unstable_ms(shard->reader, i) };
        visit(&source, context);
    }
}

static void add_source(const struct shard_source *source, void *context)
{
    json_array_append_new(context, json_pack("{s:s, s:i, s:I, s:I}", "topic", source->topic,
                                             "partition", (int)source->partition, "next_offset",
                                             (json_int_t)source->next_offset, "lag",
                                             (json_int_t)source->lag));
}

static json_t *describe_sources(const struct shard *shard)
{
    json_t *list = json_array();
    shard_each_source(shard, add_source, list);
    return list;
}

static json_t *describe_board(const struct shard *shard)
{
    struct board_status status;

    if (!shard->board)
        return json_null();
    board_describe(shard->board, &status);
    return json_pack("{s:b, s:b, s:b, s:I, s:I, s:s, s:s}", "connected", status.is_connected,
                     "stale", status.is_stale, "evicting", status.is_evicting, "lag",
                     (json_int_t)status.lag, "rebuilds", (json_int_t)status.rebuild_count, "epoch",
                     status.epoch, "last_error", status.last_error);
}

void shard_get_figures(const struct shard *shard, struct shard_figures *ret)
{
    *ret = (struct shard_figures){
        .tally = &shard->tally,
        .batch_record_count = shard->collecting ? shard->collecting->input_count : 0,
        .batch_byte_count = shard->collecting ? batch_byte_count(shard->collecting) : 0,
        .ledger_next = reader_ledger_next(shard->reader),
        .begun_count = writer_begun_count(shard->writer),
        .aborted_count = writer_aborted_count(shard->writer),
        .committed_ms = shard->committed_at_ms > 0 ? monotonic_ms() - shard->committed_at_ms : -1,
        .sends_synthetic = shard_has_worked(shard) && shard->config->synthetic_interval.ms > 0,
        .synthetic_silence_ms = host_clock_now().ms - shard->synthetic.back_at.ms,
        .took_over_ms = shard->took_over_ms,
        .writer_silence_ms = writer_silence_ms(shard->writer),
        .reader_silence_ms = shard->writer_has_batch ? 0 : reader_silence_ms(shard->reader),
        .has_board = shard->board,
    };
    aro_router_counts(shard->router, &ret->counts);
    if (shard->board)
        board_describe(shard->board, &ret->board);
}

static uint64_t count_dead_letters(const struct shard_tally *tally)
{
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof tally->dead_letter_counts / sizeof *tally->dead_letter_counts;
         i++)
        count += tally->dead_letter_counts[i];
    return count;
}

static void add_paused(const struct aro_market_view *market, void *context)
{
    if (market->is_paused_by_operator || market->is_paused_by_rulebook)
        json_array_append_new(context, json_string(market->name));
}

static json_t *list_paused_markets(const struct shard *shard)
{
    json_t *list = json_array();
    aro_router_each_market(shard->router, add_paused, list);
    return list;
}

json_t *shard_describe(struct shard *shard)
{
    struct aro_router_counts counts;
    const char *rulebook = aro_router_recorded_rulebook_name(shard->router);

    aro_router_counts(shard->router, &counts);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s?, s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:I, s:I, s:I, s:o, s:o}",
        "name", shard->settings->name, "partition", (int)shard->settings->partition, "state",
        shard_state_name(shard->state), "reason", shard->stop_reason, "owner",
        shard->fold.owner.instance, "rulebook", rulebook, "claim", shard->fold.owner.claim,
        "agents", (json_int_t)counts.agents, "waiting", (json_int_t)counts.waiting, "held",
        (json_int_t)counts.held, "paused_markets", list_paused_markets(shard), "offered",
        (json_int_t)counts.offered, "merged", (json_int_t)counts.merged, "assigned",
        (json_int_t)counts.assigned, "delivered", (json_int_t)counts.delivered, "remembered",
        (json_int_t)counts.remembered, "inputs", (json_int_t)shard->tally.input_count,
        "dead_letters", (json_int_t)count_dead_letters(&shard->tally), "commits",
        (json_int_t)shard->tally.commit_count, "take_over_ms", (json_int_t)shard->took_over_ms,
        "ledger_next", (json_int_t)reader_ledger_next(shard->reader), "sources",
        describe_sources(shard), "board", describe_board(shard));
}

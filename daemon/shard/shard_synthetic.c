/* Synthetic appeals: the owner sends one to its own topic of appeals, as a stranger would, decides
 * it when it is delivered, and sees it closed. So the whole way is measured, Kafka included.
 *
 * All that is needed to go on with one is in the ledger: whoever owns the shard then decides what
 * is open, whether it sends any itself or not. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"
#include "shard/synthetic_event.h"
#include "support/cleanup.h"

#include <string.h>

enum {
    PATIENCE_MS = 60 * 1000, /* with one that is out, before another is sent */
    LEFT_OVER_MS = 5 * 1000, /* open for so long: its decision got lost, or its owner */
};

static bool has_sender(struct shard *shard)
{
    struct aro_error error;

    if (shard->synthetic.sender)
        return true;
    if (sender_new(shard->config, &shard->synthetic.sender, &error) == 0)
        return true;
    LOG(synthetic_not_sent, shard_about(shard), "cannot send events to ourselves: %s",
        error.message);
    return false;
}

static void send_submitted(struct shard *shard, struct aro_instant now)
{
    CLEANUP(buffer_done) struct buffer json = { 0 };
    char id[SYNTHETIC_ID_SIZE];

    synthetic_id(shard->settings->name, now, id);
    synthetic_write_submitted(&json, id, now);
    sender_send(shard->synthetic.sender, shard->settings->appeals.items[0], id, json.data,
                json.length);
    shard->synthetic.sent_at = now;
    shard->synthetic.is_out = true;
    shard->tally.synthetic_sent_count++;
}

static void send_decided(struct shard *shard, const char *id)
{
    CLEANUP(buffer_done) struct buffer json = { 0 };

    if (!has_sender(shard))
        return;
    synthetic_write_decided(&json, id);
    sender_send(shard->synthetic.sender, shard->settings->reviews.items[0], id, json.data,
                json.length);
}

static void send_if_due(struct shard *shard, struct aro_instant now)
{
    struct synthetic *synthetic = &shard->synthetic;
    int64_t interval_ms = shard->config->synthetic_interval.ms;
    int64_t since_ms = now.ms - synthetic->sent_at.ms;

    if (interval_ms == 0 || since_ms < interval_ms ||
        (synthetic->is_out && since_ms < PATIENCE_MS) || !has_sender(shard))
        return;
    send_submitted(shard, now);
}

void shard_begin_synthetic(struct shard *shard)
{
    shard->synthetic.is_out = false;
    shard->synthetic.sent_at = (struct aro_instant){ 0 };
    shard->synthetic.back_at = host_clock_now();
}

void shard_watch_synthetic(struct shard *shard, struct aro_instant now)
{
    if (shard->synthetic.sender)
        sender_poll(shard->synthetic.sender);
    if (shard->config->synthetic_interval.ms == 0)
        shard->synthetic.back_at = now; /* nothing is awaited */
    if (shard->state == SHARD_OWNER && !shard->is_releasing)
        send_if_due(shard, now);
}

void shard_on_synthetic_note(struct shard *shard, const struct aro_note *note)
{
    struct aro_instant now = host_clock_now();
    int64_t trip_ms = now.ms - note->submitted_at.ms;

    if (note->kind == ARO_NOTE_SYNTHETIC_DELIVERED) {
        send_decided(shard, note->appeal_id);
        return;
    }
    histogram_add(&shard->tally.synthetic_seconds, trip_ms > 0 ? (double)trip_ms / 1000 : 0);
    shard->synthetic.back_at = now;
    shard->synthetic.is_out = false;
}

static void decide_left_over(const char *id, struct aro_instant submitted_at, void *context)
{
    struct shard *shard = context;
    if (host_clock_now().ms - submitted_at.ms > LEFT_OVER_MS)
        send_decided(shard, id);
}

void shard_look_for_synthetic(struct shard *shard)
{
    struct aro_instant now = host_clock_now();

    if (shard->state != SHARD_OWNER || shard->is_releasing ||
        now.ms - shard->synthetic.looked_at.ms < LEFT_OVER_MS)
        return;
    shard->synthetic.looked_at = now;
    aro_router_each_synthetic(shard->router, decide_left_over, shard);
}

#include "loop/readiness.h"

#include "loop/daemon.h"

#include <stdio.h>

static void add_reason(json_t *reasons, const char *code, const char *text)
{
    json_array_append_new(reasons, json_pack("{s:s, s:s}", "code", code, "text", text));
}

/* By then Kafka ends a transaction by itself. */
enum { COMMITTING_MS_MAX = 10 * 1000 };

/* Why a shard in this state does not do its part; NULL where it does. */
static const char *reason_of_state(const struct shard *shard)
{
    switch (shard_get_state(shard)) {
    case SHARD_STANDBY:
    case SHARD_OWNER: return NULL;
    case SHARD_FOLDING: return "the ledger has not been read to its end yet";
    case SHARD_CLAIMING: return "the shard is being claimed";
    case SHARD_SETTLING: return "the shard is claimed; what was written before is being read";
    case SHARD_RESOLVING: return "a transaction is in doubt; the ledger is asked what became of it";
    case SHARD_STOPPED: return shard_stop_reason(shard);
    }
    return NULL;
}

static void add_shard_reason(json_t *reasons, const struct shard *shard)
{
    const char *text = reason_of_state(shard);
    const char *code = shard_state_name(shard_get_state(shard));

    if (!text && shard_committing_ms(shard) > COMMITTING_MS_MAX) {
        code = "committing";
        text = "Kafka has not taken a transaction for more than ten seconds";
    }
    if (text)
        json_array_append_new(reasons, json_pack("{s:s, s:s, s:s}", "code", code, "text", text,
                                                 "shard", shard_name(shard)));
}

static bool is_outside(const struct daemon *daemon)
{
    return daemon->membership && membership_is_outside(daemon->membership);
}

const char *readiness_trouble(const struct daemon *daemon, char ret[static TROUBLE_TEXT_SIZE])
{
    ret[0] = '\0';
    return daemon->shard_count == 0 || is_outside(daemon) ? trouble_get(ret) : ret;
}

/* With what keeps Kafka from answering. */
static void add_waiting(json_t *reasons, const struct daemon *daemon, const char *code,
                        const char *what)
{
    char trouble[TROUBLE_TEXT_SIZE], text[TROUBLE_TEXT_SIZE + 100];

    readiness_trouble(daemon, trouble);
    snprintf(text, sizeof text, "%s%s%s", what, *trouble ? ": " : "", trouble);
    add_reason(reasons, code, text);
}

json_t *readiness_reasons(const struct daemon *daemon)
{
    json_t *reasons = json_array();

    if (daemon->is_ending)
        add_reason(reasons, "ending", "this instance is leaving the group");
    else if (daemon->is_joining)
        add_waiting(reasons, daemon, "starting", "this instance has not joined the group yet");
    if (daemon->membership && *membership_trouble(daemon->membership))
        add_reason(reasons, "forbidden", membership_trouble(daemon->membership));
    else if (is_outside(daemon) && !daemon->is_ending)
        add_waiting(
            reasons, daemon, "outside",
            "the group has not let this instance in, or not again since it was out of reach");
    for (size_t i = 0; i < daemon->shard_count; i++)
        add_shard_reason(reasons, daemon->shards[i]);
    if (daemon->unnamed_partition >= 0)
        json_array_append_new(
            reasons, json_pack("{s:s, s:s, s:i}", "code", "unnamed_partition", "text",
                               "this partition of the ledger is given to this instance, but no "
                               "shard of its settings names it",
                               "partition", (int)daemon->unnamed_partition));
    return reasons;
}

#include "loop/pages.h"

#include "loop/daemon.h"
#include "loop/metrics_page.h"
#include "loop/progress.h"
#include "loop/readiness.h"
#include "loop/status_page.h"
#include "metrics/exposition.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <jansson.h>
#include <stdlib.h>

enum {
    OK = 200,
    UNAVAILABLE = 503,
};

/* Takes @json. */
static void answer_json(struct http_answer *answer, json_t *json)
{
    /* Fifteen digits show a figure of milliseconds as it is; jansson's own seventeen make 0.007 a
     * 0.0070000000000000001. */
    CLEANUP(freep)
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

    if (!text)
        memory_exhausted();
    json_decref(json);
    answer->content_type = "application/json";
    buffer_add_text(&answer->body, text);
    buffer_add_text(&answer->body, "\n");
}

/* That it answers at all says that the loop turns; whether all else does it has to look. */
static void show_health(void *context, struct http_answer *answer)
{
    const struct daemon *daemon = context;
    struct progress_hang hang;
    bool is_alive =
        !progress_find_hang(daemon, supervision_silence_ms_max(&daemon->supervision), &hang);

    answer->code = is_alive ? OK : UNAVAILABLE;
    answer_json(answer,
                json_pack("{s:b, s:f, s:o}", "alive", is_alive, "loop_lag_seconds_max",
                          daemon->lag.seconds_max, "silent_seconds", progress_describe(daemon)));
}

static void show_readiness(void *context, struct http_answer *answer)
{
    const struct daemon *daemon = context;
    json_t *reasons = readiness_reasons(daemon), *shards = json_object();
    bool is_ready = json_array_size(reasons) == 0;

    for (size_t i = 0; i < daemon->shard_count; i++)
        json_object_set_new(shards, shard_name(daemon->shards[i]),
                            json_string(shard_state_name(shard_get_state(daemon->shards[i]))));
    answer->code = is_ready ? OK : UNAVAILABLE;
    answer_json(answer, json_pack("{s:b, s:o, s:o}", "ready", is_ready, "reasons", reasons,
                                  "shards", shards));
}

static void show_metrics(void *context, struct http_answer *answer)
{
    answer->content_type = EXPOSITION_CONTENT_TYPE;
    metrics_page_write(context, &answer->body);
}

static void show_status(void *context, struct http_answer *answer)
{
    answer->content_type = "text/html; charset=utf-8";
    status_page_write(context, &answer->body);
}

const struct http_page *pages_get(size_t *ret_count)
{
    static const struct http_page pages[] = {
        { "/", show_status },
        { "/healthz", show_health },
        { "/metrics", show_metrics },
        { "/readyz", show_readiness },
    };
    *ret_count = sizeof pages / sizeof *pages;
    return pages;
}

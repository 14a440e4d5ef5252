#include "loop/pages.h"

#include "loop/daemon.h"
#include "loop/metrics_page.h"
#include "loop/progress.h"
#include "loop/readiness.h"
#include "metrics/exposition.h"
#include "support/cleanup.h"
#include "support/memory.h"
#include "version.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

enum {
    OK = 200,
    UNAVAILABLE = 503,
};

/* Takes @json. */
static void answer_json(struct http_answer *answer, json_t *json)
{
    CLEANUP(freep) char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

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

/* ---- the page for people ---- */

static void add_html(struct buffer *page, const char *text)
{
    static const struct {
        char character;
        const char *entity;
    } rows[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };

    for (; *text; text++) {
        size_t i = 0;
        while (i < sizeof rows / sizeof *rows && rows[i].character != *text)
            i++;
        if (i < sizeof rows / sizeof *rows)
            buffer_add_text(page, rows[i].entity);
        else
            buffer_add(page, text, 1);
    }
}

static void add_text_cell(struct buffer *page, const char *text)
{
    buffer_add_text(page, "<td>");
    add_html(page, text);
}

static void add_shard_row(struct buffer *page, struct shard *shard)
{
    struct shard_figures figures;

    shard_get_figures(shard, &figures);
    buffer_add_text(page, "<tr>");
    add_text_cell(page, shard_name(shard));
    add_text_cell(page, shard_state_name(shard_get_state(shard)));
    add_text_cell(page, shard_owner_name(shard));
    const uint64_t counts[] = { figures.counts.agents,   figures.counts.waiting,
                                figures.counts.held,     figures.counts.offered,
                                figures.counts.assigned, figures.counts.delivered };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        buffer_add_format(page, "<td class=n>%" PRIu64, counts[i]);
    add_text_cell(page, !figures.has_board            ? "none"
                        : !figures.board.is_connected ? "not connected"
                        : figures.board.is_stale      ? "stale"
                                                      : "up to date");
    buffer_add_text(page, "\n");
}

static void add_reasons(struct buffer *page, const struct daemon *daemon)
{
    json_t *reasons = readiness_reasons(daemon), *reason;
    size_t i;

    buffer_add_text(page, json_array_size(reasons) ? "<p>Not ready:\n<ul>\n" : "<p>Ready.\n");
    json_array_foreach(reasons, i, reason)
    {
        const char *shard = json_string_value(json_object_get(reason, "shard"));
        buffer_add_text(page, "<li>");
        if (shard) {
            add_html(page, shard);
            buffer_add_text(page, ": ");
        }
        add_html(page, json_string_value(json_object_get(reason, "text")));
        buffer_add_text(page, "\n");
    }
    if (json_array_size(reasons))
        buffer_add_text(page, "</ul>\n");
    json_decref(reasons);
}

static void add_heading(struct buffer *page, const struct daemon *daemon)
{
    buffer_add_text(page, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>\n<title>");
    add_html(page, daemon->config->instance);
    buffer_add_text(
        page, " - appeal-router</title>\n<style>\n"
              "body { font: 16px/1.5 sans-serif; margin: 2em; color: #222; background: #fff }\n"
              "table { border-collapse: collapse }\n"
              "th, td { padding: .2em .8em; border-bottom: 1px solid #ccc; text-align: left }\n"
              ".n { text-align: right }\n</style>\n<h1>");
    add_html(page, daemon->config->instance);
    buffer_add_text(page, "</h1>\n<p>appeal-router " ARO_VERSION ", group ");
    add_html(page, daemon->config->kafka.group);
    buffer_add_text(page, ", rulebook ");
    add_html(page, aro_rulebook_name(daemon->rulebook->rulebook));
    buffer_add_text(page, "\n");
}

static void show_status(void *context, struct http_answer *answer)
{
    const struct daemon *daemon = context;
    struct buffer *page = &answer->body;

    answer->content_type = "text/html; charset=utf-8";
    add_heading(page, daemon);
    add_reasons(page, daemon);
    buffer_add_text(page, "<table>\n<tr><th>shard<th>state<th>owner<th class=n>agents"
                          "<th class=n>waiting<th class=n>held<th class=n>offered"
                          "<th class=n>assigned<th class=n>delivered<th>board\n");
    for (size_t i = 0; i < daemon->shard_count; i++)
        add_shard_row(page, daemon->shards[i]);
    buffer_add_text(page, "</table>\n<p><a href=/metrics>metrics</a> · "
                          "<a href=/readyz>readiness</a> · <a href=/healthz>health</a>\n</html>\n");
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

#include "loop/status_page.h"

#include "loop/daemon.h"
#include "loop/readiness.h"
#include "support/memory.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUES_MAX = 300 /* shown of a shard */ };

/* ---- pieces ---- */

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

/* "1,234,567" */
static void add_count(struct buffer *page, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer_add(page, ",", 1);
        buffer_add(page, &digits[i], 1);
    }
}

/* "40 s", "5 min": one unit is enough for a look. */
static void add_span(struct buffer *page, int64_t ms)
{
    static const struct {
        int64_t ms, below_ms;
        const char *unit;
    } rows[] = {
        { 1000, 120 * 1000L, "s" },
        { 60 * 1000, 120 * 60 * 1000L, "min" },
        { 3600 * 1000, 48 * 3600 * 1000L, "h" },
        { 24 * 3600 * 1000, INT64_MAX, "d" },
    };
    size_t i = 0;

    while (ms >= rows[i].below_ms)
        i++;
    buffer_add_format(page, "%" PRId64 " %s", ms / rows[i].ms, rows[i].unit);
}

static void begin_figure(struct buffer *page, const char *name)
{
    buffer_add_format(page, "<div><dt>%s<dd>", name);
}

static void add_figure(struct buffer *page, const char *name, uint64_t count)
{
    begin_figure(page, name);
    add_count(page, count);
    buffer_add_text(page, "</div>\n");
}

/* A number that is good news where it is 0. */
static const char *worry(uint64_t count, const char *class)
{
    return count > 0 ? class : "";
}

/* @more: " more" where narrow screens do without it. */
static void add_count_cell(struct buffer *page, uint64_t count, const char *more, const char *class)
{
    buffer_add_format(page, "<td class=\"n%s %s\">", more, class);
    add_count(page, count);
}

/* ---- queues ---- */

/* One queue, as the router sees it now, and as the last census did. */
struct queue_row {
    struct aro_queue_view view;
    struct aro_census_row census; /* no name: it was in none yet */
};

struct queue_rows {
    size_t count, size;
    struct queue_row *items; /* by name */
};

static void gather_queue(const struct aro_queue_view *queue, void *context)
{
    struct queue_rows *rows = context;

    rows->items = memory_reach(rows->items, rows->count, &rows->size, sizeof *rows->items);
    rows->items[rows->count++] = (struct queue_row){ .view = *queue };
}

static int compare_to_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct queue_row *)row)->view.name);
}

static void gather_census(const struct aro_census_row *census, void *context)
{
    struct queue_rows *rows = context;
    struct queue_row *row =
        bsearch(census->name, rows->items, rows->count, sizeof *rows->items, compare_to_name);
    if (row)
        row->census = *census;
}

static bool is_inbox(const struct aro_rulebook *rulebook, const char *queue)
{
    const struct aro_queue_terms *terms = aro_rulebook_find_queue(rulebook, queue);
    return terms && terms->delivers_to_queue;
}

static void add_use_cell(struct buffer *page, const struct aro_census_row *census, bool is_inbox)
{
    if (is_inbox) {
        buffer_add_text(page, "<td class=\"use dim\">an inbox of its own\n");
    } else if (!census->name) {
        buffer_add_text(page, "<td class=\"use dim\">being counted\n");
    } else if (census->capacity == 0) {
        buffer_add_text(page, "<td class=\"use warn\">nobody is there\n");
    } else {
        buffer_add_text(page, "<td class=use><span>");
        add_count(page, census->used);
        buffer_add_text(page, " of ");
        add_count(page, census->capacity);
        buffer_add_format(page, "</span><meter max=%" PRIu64 " value=%" PRIu64 "></meter>\n",
                          census->capacity, census->used);
    }
}

static void add_queue_row(struct buffer *page, const struct queue_row *row, bool is_inbox,
                          struct aro_instant now)
{
    buffer_add_text(page, "<tr><td>");
    add_html(page, row->view.name);
    add_count_cell(page, row->view.waiting, "", "");
    buffer_add_text(page, "<td class=n>");
    if (row->view.waiting > 0 && row->view.oldest_submitted_at.ms <= now.ms)
        add_span(page, now.ms - row->view.oldest_submitted_at.ms);
    add_count_cell(page, row->view.held, " more", "");
    add_count_cell(page, row->view.assigned, " more", "");
    add_count_cell(page, row->census.at_risk, " more", worry(row->census.at_risk, "warn"));
    add_count_cell(page, row->census.overdue, "", worry(row->census.overdue, "bad"));
    add_use_cell(page, &row->census, is_inbox);
}

static void add_queues(struct buffer *page, const struct aro_rulebook *rulebook,
                       struct shard *shard)
{
    struct queue_rows rows = { 0 };
    struct aro_instant now = shard_now(shard);

    aro_router_each_queue(shard_router(shard), gather_queue, &rows);
    if (rows.count > 0)
        aro_router_each_census_row(shard_router(shard), ARO_CENSUS_QUEUES, gather_census, &rows);
    buffer_add_text(
        page, "<div class=wide><table>\n<tr><th>queue<th class=n>waiting<th class=n>"
              "oldest<th class=\"n more\">held<th class=\"n more\">in hands"
              "<th class=\"n more\">due within the hour<th class=n>overdue<th>agents' capacity in "
              "use\n");
    for (size_t i = 0; i < rows.count && i < QUEUES_MAX; i++)
        add_queue_row(page, &rows.items[i], is_inbox(rulebook, rows.items[i].view.name), now);
    buffer_add_text(page, "</table></div>\n");
    if (rows.count > QUEUES_MAX)
        buffer_add_format(page, "<p class=dim>and %zu queues more: appealctl queues\n",
                          rows.count - QUEUES_MAX);
    free(rows.items);
}

/* ---- shards ---- */

static void add_lag(const struct shard_source *source, void *context)
{
    int64_t *lag = context;
    *lag += source->lag;
}

static const char *state_class(enum shard_state state)
{
    switch (state) {
    case SHARD_OWNER:
    case SHARD_STANDBY: return "good";
    case SHARD_STOPPED: return "bad";
    case SHARD_FOLDING:
    case SHARD_CLAIMING:
    case SHARD_SETTLING:
    case SHARD_RESOLVING: break;
    }
    return "warn";
}

static void add_board(struct buffer *page, const struct shard_figures *figures)
{
    begin_figure(page, "board in Redis");
    if (!figures->has_board)
        buffer_add_text(page, "<span class=dim>none</span>");
    else if (!figures->board.is_connected)
        buffer_add_text(page, "<span class=warn>not connected</span>");
    else if (figures->board.is_stale)
        buffer_add_text(page, "<span class=warn>stale</span>");
    else
        buffer_add_text(page, "up to date");
    buffer_add_text(page, "</div>\n");
}

static void add_last_commit(struct buffer *page, const struct shard_figures *figures)
{
    begin_figure(page, "last commit");
    if (figures->committed_ms < 0) {
        buffer_add_text(page, "<span class=dim>none yet</span></div>\n");
        return;
    }
    add_span(page, figures->committed_ms);
    buffer_add_text(page, " ago</div>\n");
}

/* What only the owner knows at first hand. */
static void add_work(struct buffer *page, const struct aro_rulebook *rulebook, struct shard *shard)
{
    struct shard_figures figures;
    int64_t lag = 0;

    shard_get_figures(shard, &figures);
    shard_each_source(shard, add_lag, &lag);
    buffer_add_text(page, "<dl>\n");
    add_figure(page, "waiting", figures.counts.waiting);
    add_figure(page, "held", figures.counts.held);
    add_figure(page, "offered", figures.counts.offered);
    add_figure(page, "assigned", figures.counts.assigned);
    add_figure(page, "delivered", figures.counts.delivered);
    add_figure(page, "agents", figures.counts.agents);
    add_figure(page, "records behind", (uint64_t)lag);
    add_last_commit(page, &figures);
    add_board(page, &figures);
    buffer_add_text(page, "</dl>\n");
    if (figures.counts.agents == 0)
        buffer_add_text(page, "<p class=warn>No agent is known yet: whatever comes, waits.\n");
    add_queues(page, rulebook, shard);
}

static void add_elsewhere(struct buffer *page, const char *instance, const struct shard *shard)
{
    struct shard_figures figures;

    shard_get_figures(shard, &figures);
    if (*shard_stop_reason(shard)) {
        buffer_add_text(page, "<p class=bad>");
        add_html(page, shard_stop_reason(shard));
        buffer_add_text(page, "\n");
    } else if (strcmp(shard_owner_name(shard), instance) == 0) {
        buffer_add_text(page,
                        "<p>This instance owned it last; the group has to say who does now.\n");
    } else if (*shard_owner_name(shard)) {
        buffer_add_text(page, "<p>");
        add_html(page, shard_owner_name(shard));
        buffer_add_text(page, " owns it: its page has the queues.\n");
    } else {
        buffer_add_text(page, "<p>Nobody owns it yet.\n");
    }
    buffer_add_text(page, "<p class=dim>The ledger is read to offset ");
    add_count(page, figures.ledger_next > 0 ? (uint64_t)figures.ledger_next : 0);
    buffer_add_text(page, ".\n");
}

static void add_shard(struct buffer *page, const struct daemon *daemon, struct shard *shard)
{
    enum shard_state state = shard_get_state(shard);

    buffer_add_text(page, "<section>\n<h2>");
    add_html(page, shard_name(shard));
    buffer_add_format(page, " <span class=\"state %s\">%s</span></h2>\n", state_class(state),
                      shard_state_name(state));
    if (shard_is_owner(shard))
        add_work(page, daemon->rulebook->rulebook, shard);
    else
        add_elsewhere(page, daemon->config->instance, shard);
    buffer_add_text(page, "</section>\n");
}

/* ---- the whole ---- */

static void add_reasons(struct buffer *page, const struct daemon *daemon)
{
    json_t *reasons = readiness_reasons(daemon), *reason;
    size_t i;

    if (json_array_size(reasons) == 0) {
        buffer_add_text(page, "<div class=\"ready good\">Ready.</div>\n");
        json_decref(reasons);
        return;
    }
    buffer_add_text(page, "<div class=\"ready bad\">Not ready:\n<ul>\n");
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
    buffer_add_text(page, "</ul></div>\n");
    json_decref(reasons);
}

static void add_heading(struct buffer *page, const struct daemon *daemon)
{
    buffer_add_text(page, "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n"
                          "<meta name=viewport content=\"width=device-width\">\n"
                          "<meta http-equiv=refresh content=15>\n"
                          "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                          "style-src 'unsafe-inline'\">\n<title>");
    add_html(page, daemon->config->instance);
    buffer_add_text(page, " - appeal-router</title>\n<style>\n");
    buffer_add_text(page, status_page_css);
    buffer_add_text(page, "</style>\n<h1>");
    add_html(page, daemon->config->instance);
    buffer_add_text(page, "</h1>\n<p class=dim>appeal-router " ARO_VERSION " · group ");
    add_html(page, daemon->config->kafka.group);
    buffer_add_text(page, " · rulebook ");
    add_html(page, aro_rulebook_name(daemon->rulebook->rulebook));
    buffer_add_text(page, "\n");
}

void status_page_write(const struct daemon *daemon, struct buffer *page)
{
    add_heading(page, daemon);
    add_reasons(page, daemon);
    for (size_t i = 0; i < daemon->shard_count; i++)
        add_shard(page, daemon, daemon->shards[i]);
    if (daemon->shard_count == 0)
        buffer_add_text(page, "<section>\n<p>Waiting for Kafka: the shards are known once a broker "
                              "answers.\n</section>\n");
    buffer_add_text(page, "<footer><a href=/metrics>metrics</a> · <a href=/readyz>readiness</a> · "
                          "<a href=/healthz>health</a></footer>\n</html>\n");
}

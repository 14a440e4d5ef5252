#include "loop/bundle.h"

#include "config/describe.h"
#include "loop/commands_private.h"
#include "loop/describe.h"
#include "loop/host_clock.h"
#include "loop/metrics_page.h"
#include "loop/progress.h"
#include "loop/readiness.h"
#include "support/buffer.h"
#include "support/cleanup.h"

#include <event2/event.h>
#include <librdkafka/rdkafka.h>

static void add_line(const char *line, void *context)
{
    json_array_append_new(context, control_text_new(line));
}

static json_t *log_lines_new(void)
{
    json_t *lines = json_array();
    log_each_recent(add_line, lines);
    return lines;
}

static json_t *metrics_new(const struct daemon *daemon)
{
    CLEANUP(buffer_done) struct buffer text = { 0 };
    metrics_page_write(daemon, &text);
    return control_text_new(text.data);
}

static json_t *libraries_new(void)
{
    return json_pack("{s:s, s:s, s:s}", "librdkafka", rd_kafka_version_str(), "libevent",
                     event_get_version(), "jansson", JANSSON_VERSION);
}

json_t *bundle_new(const struct daemon *daemon)
{
    char now[ARO_INSTANT_TEXT_SIZE], started[ARO_INSTANT_TEXT_SIZE];
    json_t *queues = describe_queues(daemon);

    aro_instant_format(host_clock_now(), now);
    aro_instant_format(daemon->started_at, started);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "taken_at", now, "started_at",
        started, "libraries", libraries_new(), "status", describe_status(daemon), "queues",
        queues ? queues : json_pack("{s:[]}", "queues"), "not_ready_because",
        readiness_reasons(daemon), "silent_seconds", progress_describe(daemon), "settings",
        config_describe(daemon->config), "metrics", metrics_new(daemon), "log", log_lines_new());
}

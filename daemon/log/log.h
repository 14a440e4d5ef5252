/* What the daemon says about itself, line by line, on stderr.
 *
 * One form always: the subject first, then the sentence, `shard=main topic=appeals: stalled, ...`.
 * Levels: error, given up and someone must act; warning, went on and the line says how; info, the
 * life of the daemon; debug, the life of one appeal. Ids only, never an appeal's text.
 *
 * A line never holds up its caller: where stderr takes no more it is dropped and counted. A site
 * that repeats itself is cut short, and tells later how often. Safe to call from any thread. The
 * process ignores SIGPIPE. */
#ifndef APPEAL_ROUTERD_LOG_H
#define APPEAL_ROUTERD_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "error", "warning", "info", "debug" */
const char *log_level_name(enum log_level level);
bool log_level_find(const char *name, enum log_level *ret);
enum log_level log_get_level(void);

/* What a line is about; members that do not apply stay NULL. Printed in this order. */
struct log_subject {
    const char *shard;
    const char *topic;
    const char *record; /* "<topic>/<partition>/<offset>" */
    const char *market;
    const char *queue;
    const char *appeal;
    const char *agent;
    const char *peer; /* a neighbour: "redis", "kafka", or who calls the control socket */
};

/* log_info(ABOUT(.shard = shard->name, .topic = topic), "reads from offset %" PRId64, offset); */
#define ABOUT(...) (&(const struct log_subject){ __VA_ARGS__ })

#define log_error(subject, ...) LOG_AT(LOG_LEVEL_ERROR, subject, __VA_ARGS__)
#define log_warning(subject, ...) LOG_AT(LOG_LEVEL_WARNING, subject, __VA_ARGS__)
#define log_info(subject, ...) LOG_AT(LOG_LEVEL_INFO, subject, __VA_ARGS__)
#define log_debug(subject, ...) LOG_AT(LOG_LEVEL_DEBUG, subject, __VA_ARGS__)

/* Lines above @level are not written. Until called: info. Under journald (JOURNAL_STREAM names
 * stderr) each line begins with its priority, "<3>" and so on. */
void log_set_level(enum log_level level);
bool log_is_enabled(enum log_level level);

/* The last lines, oldest first, each cut to what a bundle needs of it; not those of debug, which
 * would push all others out. @visit must not log. */
void log_each_recent(void (*visit)(const char *line, void *context), void *context);

/* Lines that stderr did not take, and lines cut as repeats, since the start. */
uint64_t log_dropped_count(void);
uint64_t log_suppressed_count(void);

/* One place in the code that logs: what it said last, and how often since. Guarded by the log. */
struct log_site {
    int64_t window_started_ms; /* monotonic; 0: never used */
    uint64_t last_hash;        /* of the last line's text */
    unsigned line_count;       /* written in this window */
    unsigned suppressed_count; /* not written in this window */
};

/* @subject may be NULL: the daemon itself. */
void log_write(struct log_site *site, enum log_level level, const struct log_subject *subject,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#define LOG_AT(level, subject, ...)                                                                \
    do {                                                                                           \
        static struct log_site log_site_;                                                          \
        if (log_is_enabled(level))                                                                 \
            log_write(&log_site_, level, subject, __VA_ARGS__);                                    \
    } while (0)

#endif

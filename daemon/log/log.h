/* What the daemon says about itself, entry by entry: lines on stderr, or fields for the journal.
 *
 * One form always: the subject first, then the sentence, at the end the message's code:
 * `error: shard=main: stopped: ... [shard-stopped]`. Ids only, never an appeal's text.
 *
 * An entry never holds up its caller: where it is not taken it is dropped and counted. A site that
 * repeats itself is cut short, and tells later how often. Safe to call from any thread. The process
 * ignores SIGPIPE. */
#ifndef APPEAL_ROUTERD_LOG_H
#define APPEAL_ROUTERD_LOG_H

#include "log/encoding.h"
#include "log/messages.h"

#include <stdbool.h>
#include <stdint.h>

enum log_format {
    LOG_FORMAT_AUTO,     /* JOURNALD where stderr is the journal's, else TEXT */
    LOG_FORMAT_TEXT,     /* "level: " and log_encode_text(), on stderr */
    LOG_FORMAT_JSON,     /* an object a line, on stderr */
    LOG_FORMAT_JOURNALD, /* to the journal's socket; where there is none, as TEXT */
};

/* @journal_socket is copied; one too long for a socket's path counts as none. Until called: AUTO,
 * and JOURNAL_SOCKET. Lines on a stderr that is the journal's begin with their priority, "<3>". */
void log_set_format(enum log_format format, const char *journal_socket);

/* Lines above @level are not written. Until called: info. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Is @message of a level that is written? */
bool log_wants(enum message message);

#define ABOUT(...) (&(const struct log_subject){ __VA_ARGS__ })

/* LOG(topic_created, ABOUT(.topic = topic), "created with %d partitions", count);
 * The first is a row of messages.def, which tells the level; the subject NULL is the daemon itself.
 */
#define LOG(message, subject, ...) LOG_MESSAGE(MESSAGE_##message, subject, __VA_ARGS__)

/* The same where the message is in a variable. */
#define LOG_MESSAGE(message, subject, ...)                                                         \
    do {                                                                                           \
        static struct log_site log_site_;                                                          \
        if (log_wants(message))                                                                    \
            log_write(&log_site_, message, subject, __VA_ARGS__);                                  \
    } while (0)

/* The last lines, oldest first, each cut to what a bundle needs of it; not those of debug, which
 * would push all others out. @visit must not log. */
void log_each_recent(void (*visit)(const char *line, void *context), void *context);

/* Entries that nobody took, and entries left out as repeats, since the start. */
uint64_t log_dropped_count(void);
uint64_t log_suppressed_count(void);

/* One place in the code that logs: what it said last, and how often since. Guarded by the log. */
struct log_site {
    int64_t window_started_ms; /* monotonic; 0: never used */
    uint64_t last_hash;        /* of the last line's text */
    unsigned line_count;       /* written in this window */
    unsigned suppressed_count; /* not written in this window */
};

/* What LOG() calls. */
void log_write(struct log_site *site, enum message message, const struct log_subject *subject,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An entry from a signal's handler, right before the end: without a lock or memory, and never left
 * out. Where no journal takes it, a line of text on stderr. @text is one line. */
void log_last_words(enum message message, const char *text);

#endif

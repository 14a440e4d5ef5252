/* An entry is put together under one lock, and written only where the kernel says that it will not
 * wait. A line is no longer than what a pipe takes whole. */
#include "log/log.h"

#include "log/journal.h"
#include "loop/monotonic.h"

#include "support/buffer.h"
#include "support/siphash.h"
#include "support/utf8.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_LENGTH_MAX = PIPE_BUF, /* a pipe that is ready takes this much without waiting */
    WINDOW_MS = 10 * 1000,
    WINDOW_LINES_MAX = 100, /* of one site, whatever they say */
    RECENT_COUNT = 256,
    RECENT_LENGTH_MAX = 320,
};

static struct {
    pthread_mutex_t lock;
    enum log_level level; /* atomic: read without the lock */
    enum log_format format;
    char journal_socket[sizeof((struct sockaddr_un *)NULL)->sun_path];
    bool is_prepared, is_socket, is_journal; /* stderr */
    uint64_t dropped_count, suppressed_count;
    struct buffer text, entry; /* of the entry at hand */
    uint64_t recent_count;     /* ever; the last RECENT_COUNT are there */
    char recent[RECENT_COUNT][RECENT_LENGTH_MAX];
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER,
           .level = LOG_LEVEL_INFO,
           .journal_socket = JOURNAL_SOCKET };

void log_set_format(enum log_format format, const char *journal_socket)
{
    pthread_mutex_lock(&sink.lock);
    sink.format = format;
    size_t length = strlen(journal_socket);
    if (length >= sizeof sink.journal_socket)
        length = 0;
    memcpy(sink.journal_socket, journal_socket, length);
    sink.journal_socket[length] = '\0';
    pthread_mutex_unlock(&sink.lock);
}

enum log_level log_get_level(void)
{
    return __atomic_load_n(&sink.level, __ATOMIC_RELAXED);
}

void log_set_level(enum log_level level)
{
    __atomic_store_n(&sink.level, level, __ATOMIC_RELAXED);
}

bool log_wants(enum message message)
{
    return message_get(message)->level <= log_get_level();
}

uint64_t log_dropped_count(void)
{
    return __atomic_load_n(&sink.dropped_count, __ATOMIC_RELAXED);
}

uint64_t log_suppressed_count(void)
{
    return __atomic_load_n(&sink.suppressed_count, __ATOMIC_RELAXED);
}

static void count_up(uint64_t *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* ---- where it goes ---- */

static void sink_prepare(void)
{
    struct stat status;
    if (sink.is_prepared)
        return;
    sink.is_socket = fstat(STDERR_FILENO, &status) == 0 && S_ISSOCK(status.st_mode);
    sink.is_journal = journal_has_stderr();
    sink.is_prepared = true;
}

static bool stderr_write(const char *text, size_t length)
{
    if (sink.is_socket)
        return send(STDERR_FILENO, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;

    struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };
    if (poll(&pollfd, 1, 0) != 1 || !(pollfd.revents & POLLOUT))
        return false;
    return write(STDERR_FILENO, text, length) == (ssize_t)length;
}

/* What a line on stderr begins with. */
static int format_prefix(char *ret, size_t size, enum log_level level, bool is_text)
{
    if (sink.is_journal)
        return snprintf(ret, size, "<%d>", log_level_priority(level));
    return snprintf(ret, size, "%s%s", is_text ? log_level_name(level) : "", is_text ? ": " : "");
}

/* No more than @length_max bytes of @buffer, and no half of a character at their end. */
static void cut(struct buffer *buffer, size_t length_max)
{
    if (buffer->length <= length_max)
        return;
    buffer->length = length_max;
    while (utf8_is_continuation((unsigned char)buffer->data[buffer->length]))
        buffer->length--;
}

/* @text is the entry's, encoded already. */
static bool write_line(const struct log_entry *entry, const struct buffer *text, bool is_json)
{
    char prefix[16];
    size_t prefix_length =
        (size_t)format_prefix(prefix, sizeof prefix, message_get(entry->message)->level, !is_json);

    buffer_clear(&sink.entry);
    buffer_add(&sink.entry, prefix, prefix_length);
    if (is_json)
        log_encode_json(entry, LINE_LENGTH_MAX - prefix_length - 1, &sink.entry);
    else
        buffer_add(&sink.entry, text->data, text->length);
    cut(&sink.entry, LINE_LENGTH_MAX - 1);
    buffer_add(&sink.entry, "\n", 1);
    return stderr_write(sink.entry.data, sink.entry.length);
}

static bool wants_journal(void)
{
    return sink.format == LOG_FORMAT_JOURNALD ||
           (sink.format == LOG_FORMAT_AUTO && sink.is_journal);
}

static bool write_entry(const struct log_entry *entry, const struct buffer *text)
{
    if (wants_journal()) {
        buffer_clear(&sink.entry);
        log_encode_journal(entry, &sink.entry);
        int r = journal_send(sink.journal_socket, sink.entry.data, sink.entry.length);
        if (r == 0 || r == -EAGAIN)
            return r == 0;
    }
    return write_line(entry, text, sink.format == LOG_FORMAT_JSON);
}

void log_last_words(enum message message, const char *text)
{
    char line[LINE_LENGTH_MAX], code[MESSAGE_CODE_SIZE];

    if (wants_journal()) {
        size_t size = log_encode_journal_bare(message, text, sizeof line, line);
        if (size > 0 && journal_send(sink.journal_socket, line, size) == 0)
            return;
    }
    int start = format_prefix(line, sizeof line, message_get(message)->level, true);
    int length = snprintf(line + start, sizeof line - (size_t)start, "%s [%s]\n", text,
                          message_code(message, code));
    stderr_write(line, (size_t)(start + length));
}

/* ---- repeats ---- */

/* May the site speak? Debug always may: who turns it on wants all of it. */
static bool site_admits(struct log_site *site, enum log_level level, const struct buffer *text,
                        unsigned *ret_suppressed)
{
    int64_t now = monotonic_ms();
    uint64_t hash = siphash(text->data, text->length, 0, 0);
    bool is_new_window = site->window_started_ms == 0 || now - site->window_started_ms >= WINDOW_MS;
    bool is_repeat = site->line_count > 0 && hash == site->last_hash;

    if (!is_new_window && level != LOG_LEVEL_DEBUG &&
        (is_repeat || site->line_count >= WINDOW_LINES_MAX)) {
        site->suppressed_count++;
        count_up(&sink.suppressed_count);
        return false;
    }
    if (is_new_window) {
        site->window_started_ms = now;
        site->line_count = 0;
    }
    *ret_suppressed = site->suppressed_count;
    site->suppressed_count = 0;
    site->line_count++;
    site->last_hash = hash;
    return true;
}

/* ---- what was said last ---- */

static void keep_recent(const struct log_entry *entry, const struct buffer *text)
{
    char *line = sink.recent[sink.recent_count++ % RECENT_COUNT];
    char time[ARO_INSTANT_TEXT_SIZE];

    aro_instant_format(entry->at, time);
    snprintf(line, RECENT_LENGTH_MAX, "%s %s: %s", time,
             log_level_name(message_get(entry->message)->level), text->data);
}

void log_each_recent(void (*visit)(const char *line, void *context), void *context)
{
    pthread_mutex_lock(&sink.lock);
    uint64_t first = sink.recent_count > RECENT_COUNT ? sink.recent_count - RECENT_COUNT : 0;
    for (uint64_t i = first; i < sink.recent_count; i++)
        visit(sink.recent[i % RECENT_COUNT], context);
    pthread_mutex_unlock(&sink.lock);
}

/* ---- an entry ---- */

static struct aro_instant wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct aro_instant){ (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 };
}

static void encode_text(const struct log_entry *entry)
{
    buffer_clear(&sink.text);
    log_encode_text(entry, &sink.text);
}

void log_write(struct log_site *site, enum message message, const struct log_subject *subject,
               const char *format, ...)
{
    int saved_errno = errno;
    enum log_level level = message_get(message)->level;
    char sentence[LOG_SENTENCE_MAX + 8]; /* one too long is seen to be */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments); /* first: %m is errno's */
    va_end(arguments);
    struct log_entry entry = {
        .message = message, .subject = subject, .sentence = sentence, .at = wall_clock()
    };
    pthread_mutex_lock(&sink.lock);
    sink_prepare();
    encode_text(&entry);
    if (site_admits(site, level, &sink.text, &entry.repeat_count)) {
        if (entry.repeat_count > 0)
            encode_text(&entry);
        if (level < LOG_LEVEL_DEBUG)
            keep_recent(&entry, &sink.text);
        if (!write_entry(&entry, &sink.text))
            count_up(&sink.dropped_count);
    }
    pthread_mutex_unlock(&sink.lock);
    errno = saved_errno;
}

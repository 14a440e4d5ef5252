/* A line is put together in a fixed buffer, no longer than what a pipe takes whole, and written
 * only where the kernel says that it will not wait. */
#include "log/log.h"

#include "loop/monotonic.h"

#include "support/siphash.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
    bool is_prepared, is_socket, is_journal;
    uint64_t dropped_count, suppressed_count;
    uint64_t recent_count; /* ever; the last RECENT_COUNT are there */
    char recent[RECENT_COUNT][RECENT_LENGTH_MAX];
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO };

static const struct {
    const char *name;
    size_t offset;
} subject_members[] = {
    { "shard", offsetof(struct log_subject, shard) },
    { "topic", offsetof(struct log_subject, topic) },
    { "record", offsetof(struct log_subject, record) },
    { "market", offsetof(struct log_subject, market) },
    { "queue", offsetof(struct log_subject, queue) },
    { "appeal", offsetof(struct log_subject, appeal) },
    { "agent", offsetof(struct log_subject, agent) },
    { "peer", offsetof(struct log_subject, peer) },
};

/* One line while it is put together; what does not fit is cut. */
struct line {
    char text[LINE_LENGTH_MAX];
    size_t length;
};

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

/* journald tells by device and inode which stream is its own: stderr may have been redirected. */
static bool is_journal(const struct stat *status)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           device == (unsigned long long)status->st_dev &&
           inode == (unsigned long long)status->st_ino;
}

static void sink_prepare(void)
{
    struct stat status;
    if (sink.is_prepared)
        return;
    if (fstat(STDERR_FILENO, &status) == 0) {
        sink.is_socket = S_ISSOCK(status.st_mode);
        sink.is_journal = is_journal(&status);
    }
    sink.is_prepared = true;
}

static bool sink_write(const char *text, size_t length)
{
    if (sink.is_socket)
        return send(STDERR_FILENO, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;

    struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };
    if (poll(&pollfd, 1, 0) != 1 || !(pollfd.revents & POLLOUT))
        return false;
    return write(STDERR_FILENO, text, length) == (ssize_t)length;
}

static void line_add_list(struct line *line, const char *format, va_list arguments)
{
    size_t room = sizeof line->text - line->length;
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    if (length > 0)
        line->length += (size_t)length < room ? (size_t)length : room - 1;
}

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line, const char *format,
                                                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    line_add_list(line, format, arguments);
    va_end(arguments);
}

static void line_add_subject(struct line *line, const struct log_subject *subject)
{
    bool is_first = true;
    if (!subject)
        return;
    for (size_t i = 0; i < sizeof subject_members / sizeof *subject_members; i++) {
        const char *value =
            *(const char *const *)((const char *)subject + subject_members[i].offset);
        if (!value)
            continue;
        line_add(line, "%s%s=%s", is_first ? "" : " ", subject_members[i].name, value);
        is_first = false;
    }
    if (!is_first)
        line_add(line, ": ");
}

/* One entry is one line whatever comes in from outside, and a terminal gets no commands. */
static void line_make_printable(struct line *line, size_t start)
{
    for (size_t i = start; i < line->length; i++) {
        unsigned char byte = (unsigned char)line->text[i];
        if (byte < ' ' || byte == 0x7f)
            line->text[i] = '?';
    }
}

/* May the site speak? Debug always may: who turns it on wants all of it. */
static bool site_admits(struct log_site *site, enum log_level level, const struct line *line,
                        size_t start, unsigned *ret_suppressed)
{
    int64_t now = monotonic_ms();
    uint64_t hash = siphash(line->text + start, line->length - start, 0, 0);
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

static void line_finish(struct line *line, enum message message, unsigned suppressed_count)
{
    char code[MESSAGE_CODE_SIZE];

    if (suppressed_count > 0)
        line_add(line, " (%u repeats before it were left out)", suppressed_count);
    line_add(line, " [%s]", message_code(message, code));
    if (line->length == sizeof line->text - 1)
        line->length--;
    line->text[line->length++] = '\n';
}

static void keep_recent(enum log_level level, const char *text, size_t length)
{
    char *line = sink.recent[sink.recent_count++ % RECENT_COUNT];
    struct timespec now;
    struct tm parts;

    clock_gettime(CLOCK_REALTIME, &now);
    size_t start = strftime(line, RECENT_LENGTH_MAX, "%FT%TZ ", gmtime_r(&now.tv_sec, &parts));
    snprintf(line + start, RECENT_LENGTH_MAX - start, "%s: %.*s", log_level_name(level),
             (int)length, text);
}

void log_each_recent(void (*visit)(const char *line, void *context), void *context)
{
    pthread_mutex_lock(&sink.lock);
    uint64_t first = sink.recent_count > RECENT_COUNT ? sink.recent_count - RECENT_COUNT : 0;
    for (uint64_t i = first; i < sink.recent_count; i++)
        visit(sink.recent[i % RECENT_COUNT], context);
    pthread_mutex_unlock(&sink.lock);
}

static void line_begin(struct line *line, enum log_level level)
{
    if (sink.is_journal)
        line_add(line, "<%d>", log_level_priority(level));
    else
        line_add(line, "%s: ", log_level_name(level));
}

void log_last_words(enum message message, const char *text)
{
    struct line line = { .length = 0 };

    line_begin(&line, message_get(message)->level);
    line_add(&line, "%s", text);
    line_finish(&line, message, 0);
    sink_write(line.text, line.length);
}

void log_write(struct log_site *site, enum message message, const struct log_subject *subject,
               const char *format, ...)
{
    enum log_level level = message_get(message)->level;
    int saved_errno = errno;
    struct line line = { .length = 0 };
    unsigned suppressed_count = 0;

    pthread_mutex_lock(&sink.lock);
    sink_prepare();
    line_begin(&line, level);
    size_t start = line.length;
    line_add_subject(&line, subject);
    errno = saved_errno; /* for %m */
    va_list arguments;
    va_start(arguments, format);
    line_add_list(&line, format, arguments);
    va_end(arguments);
    line_make_printable(&line, start);
    if (site_admits(site, level, &line, start, &suppressed_count)) {
        if (level < LOG_LEVEL_DEBUG)
            keep_recent(level, line.text + start, line.length - start);
        line_finish(&line, message, suppressed_count);
        if (!sink_write(line.text, line.length))
            count_up(&sink.dropped_count);
    }
    pthread_mutex_unlock(&sink.lock);
    errno = saved_errno;
}

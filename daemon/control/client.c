#include "control/client.h"

#include "control/socket.h"
#include "loop/monotonic.h"

#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

static char *request_format(const char *command, json_t *args)
{
    json_t *request = json_pack("{s:i, s:i, s:s, s:O*}", "v", CONTROL_VERSION, "id", 1, "command",
                                command, "args", args);
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (!text)
        memory_exhausted();
    return text;
}

static int send_all(int descriptor, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = send(descriptor, text, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        text += count;
        length -= (size_t)count;
    }
    return 0;
}

/* 0 once there is something to read. */
static int wait_for_input(int descriptor, int64_t deadline_ms)
{
    struct pollfd pollfd = { .fd = descriptor, .events = POLLIN };
    for (;;) {
        int64_t left = deadline_ms - monotonic_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        int r = poll(&pollfd, 1, (int)left);
        if (r > 0)
            return 0;
        if (r < 0 && errno != EINTR)
            return -errno;
    }
}

static int receive_line(int descriptor, int64_t deadline_ms, struct buffer *line)
{
    char chunk[16384];
    for (;;) {
        int r = wait_for_input(descriptor, deadline_ms);
        if (r < 0)
            return r;
        ssize_t count = recv(descriptor, chunk, sizeof chunk, 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            return -ECONNRESET;
        buffer_add(line, chunk, (size_t)count);
        if (memchr(chunk, '\n', (size_t)count))
            return 0;
        if (line->length > CONTROL_ANSWER_LENGTH_MAX)
            return -EMSGSIZE;
    }
}

static int exchange(int descriptor, const char *request, int64_t deadline_ms, json_t **ret)
{
    CLEANUP(buffer_done) struct buffer line = { 0 };
    int r = send_all(descriptor, request, strlen(request));
    if (r == 0)
        r = send_all(descriptor, "\n", 1);
    /* Who turns a caller away answers at once, and closes without having read. */
    if (r == 0 || r == -EPIPE || r == -ECONNRESET)
        r = receive_line(descriptor, deadline_ms, &line);
    if (r < 0)
        return r;
    json_t *answer = json_loadb(line.data, line.length, 0, NULL);
    if (!json_is_boolean(json_object_get(answer, "ok"))) {
        json_decref(answer);
        return -EPROTO;
    }
    *ret = answer;
    return 0;
}

int client_call(const char *path, const char *command, json_t *args, struct aro_span patience,
                json_t **ret, struct aro_error *reterr)
{
    CLEANUP(close_descriptor) int descriptor = -1;
    int r = socket_connect(path, &descriptor, reterr);
    if (r < 0)
        return r;
    CLEANUP(freep) char *request = request_format(command, args);
    r = exchange(descriptor, request, monotonic_ms() + patience.ms, ret);
    if (r < 0)
        return aro_error_set(reterr, r, "no answer from '%s': %s", path, strerror(-r));
    return 0;
}

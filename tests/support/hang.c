/* Preloaded into a program: while the file $HANG_FILE is there and names a call, that call does not
 * return, and says so on stderr. So a test hangs one part of the daemon, and the product knows
 * nothing of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_message_s rd_kafka_message_t;
typedef struct rd_kafka_error_s rd_kafka_error_t;
typedef struct rd_kafka_queue_s rd_kafka_queue_t;
typedef struct rd_kafka_event_s rd_kafka_event_t;

static bool is_told_to_hang(const char *call)
{
    char named[64] = "";
    const char *path = getenv("HANG_FILE");
    FILE *file = path ? fopen(path, "re") : NULL;

    if (!file)
        return false;
    if (!fgets(named, sizeof named, file))
        named[0] = '\0';
    fclose(file);
    return strcmp(named, call) == 0;
}

static void hang_if_told(const char *call)
{
    if (!is_told_to_hang(call))
        return;
    dprintf(STDERR_FILENO, "hang: %s in %s\n", gettid() == getpid() ? "loop" : "thread", call);
    while (is_told_to_hang(call))
        usleep(1000);
}

/* Stands before the function of this name: @parameters as declared, @arguments as passed on. */
#define MAY_HANG(result, name, parameters, arguments)                                              \
    result name parameters;                                                                        \
    result name parameters                                                                         \
    {                                                                                              \
        result(*next) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name);                  \
        hang_if_told(#name);                                                                       \
        return next arguments;                                                                     \
    }

MAY_HANG(int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout),
         (epoll, events, count, timeout))
MAY_HANG(rd_kafka_message_t *, rd_kafka_consumer_poll, (rd_kafka_t * consumer, int timeout),
         (consumer, timeout))
MAY_HANG(rd_kafka_event_t *, rd_kafka_queue_poll, (rd_kafka_queue_t * queue, int timeout),
         (queue, timeout))
MAY_HANG(rd_kafka_error_t *, rd_kafka_commit_transaction, (rd_kafka_t * producer, int timeout),
         (producer, timeout))

/* Preloaded into the daemon by the benchmark of reloads: how long a turn of its loop lasts, from
 * the return of epoll_wait() to its next call, since a timer of the loop itself sees only those
 * turns that it falls into. What it finds lies in the file $LOOP_TURNS, which the benchmark reads,
 * and sets back to zeros. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Of the turns since it was zero; the second without what was spent waiting for a core, which
 * others had meanwhile. */
static struct found {
    double longest_ms, longest_own_ms;
    uint64_t count;
} * found;
static int schedule = -1; /* what the scheduler tells of the loop's thread */

struct moment {
    double at_ms, waited_ms; /* for a core, so far */
};

static struct moment moment_now(void)
{
    struct moment moment = { 0 };
    unsigned long long ran_ns, waited_ns;
    char text[100];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    moment.at_ms = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
    ssize_t length = pread(schedule, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    if (sscanf(text, "%llu %llu", &ran_ns, &waited_ns) == 2)
        moment.waited_ms = (double)waited_ns / 1e6;
    return moment;
}

/* Before the daemon forbids itself to open files. */
__attribute__((constructor)) static void open_files(void)
{
    const char *path = getenv("LOOP_TURNS");
    int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (descriptor < 0)
        return;
    void *memory = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    found = memory == MAP_FAILED ? NULL : memory;
    close(descriptor);
    schedule = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

static void end_turn(struct moment began)
{
    struct moment now = moment_now();
    double took = now.at_ms - began.at_ms, own = took - (now.waited_ms - began.waited_ms);

    found->count++;
    if (took > found->longest_ms)
        found->longest_ms = took;
    if (own > found->longest_own_ms)
        found->longest_own_ms = own;
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    static struct moment began;
    int (*next)(int, struct epoll_event *, int, int) =
        (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");

    if (!found || syscall(SYS_gettid) != getpid())
        return next(epoll, events, count, timeout);
    if (began.at_ms > 0)
        end_turn(began);
    int result = next(epoll, events, count, timeout);
    began = moment_now();
    return result;
}

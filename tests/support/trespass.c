/* Preloaded into a program: does what the program itself would never do, and tells on stderr what
 * came of it. While the file $TRESPASS_FILE is there it holds one line, `THREAD DEED [ARGUMENT]`;
 * THREAD is `loop` or `kafka`, whose thread does it, once for each line.
 *
 * With $TRESPASS_NO_LANDLOCK the kernel seems to know nothing of Landlock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each gives a negative number, and errno, where it could not be done. */

static int open_and_close(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC, 0600);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int do_read(const char *path)
{
    return open_and_close(path, O_RDONLY);
}

static int do_write(const char *path)
{
    return open_and_close(path, O_WRONLY);
}

static int do_make(const char *path)
{
    return open_and_close(path, O_WRONLY | O_CREAT);
}

static int do_remove(const char *path)
{
    return unlink(path);
}

static int do_rename(const char *path)
{
    char other[256];
    snprintf(other, sizeof other, "%s-renamed", path);
    return rename(path, other);
}

static int do_make_folder(const char *path)
{
    return mkdir(path, 0700);
}

static int do_start_program(const char *path)
{
    return execl(path, path, NULL);
}

static int do_fork(const char *argument)
{
    (void)argument;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? -1 : waitpid(child, NULL, 0);
}

static int do_signal_parent(const char *argument)
{
    (void)argument;
    return kill(getppid(), 0);
}

static int do_trace(const char *argument)
{
    (void)argument;
    return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

static int do_unshare(const char *argument)
{
    (void)argument;
    return unshare(CLONE_NEWUSER);
}

static int do_become_root(const char *argument)
{
    (void)argument;
    return setuid(0);
}

static int do_use_netlink(const char *argument)
{
    (void)argument;
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static int do_listen(const char *argument)
{
    (void)argument;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -1 : bind(descriptor, (struct sockaddr *)&any, sizeof any);
}

static int do_make_code(const char *argument)
{
    (void)argument;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static const struct {
    const char *name;
    int (*run)(const char *argument);
} deeds[] = {
    { "read", do_read },
    { "write", do_write },
    { "make", do_make },
    { "remove", do_remove },
    { "rename", do_rename },
    { "make-folder", do_make_folder },
    { "start-program", do_start_program },
    { "fork", do_fork },
    { "signal-parent", do_signal_parent },
    { "trace", do_trace },
    { "unshare", do_unshare },
    { "become-root", do_become_root },
    { "use-netlink", do_use_netlink },
    { "listen", do_listen },
    { "make-code", do_make_code },
};

static void run_deed(const char *thread, const char *name, const char *argument)
{
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(deeds[i].name, name) != 0)
            continue;
        errno = 0;
        const char *result = deeds[i].run(argument) < 0 ? strerrorname_np(errno) : "done";
        dprintf(STDERR_FILENO, "trespass: %s %s: %s\n", thread, name, result);
    }
}

static void trespass_if_told(const char *thread)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static char last[512];
    char line[512] = "", named_thread[16] = "", name[32] = "", argument[256] = "";
    const char *path = getenv("TRESPASS_FILE");
    int before = errno;

    pthread_mutex_lock(&mutex);
    FILE *file = path ? fopen(path, "re") : NULL;
    bool is_told = file && fgets(line, sizeof line, file) && strcmp(line, last) != 0 &&
                   sscanf(line, "%15s %31s %255s", named_thread, name, argument) >= 2 &&
                   strcmp(named_thread, thread) == 0;
    if (file)
        fclose(file);
    if (is_told) {
        memcpy(last, line, sizeof last);
        run_deed(thread, name, argument);
    }
    pthread_mutex_unlock(&mutex);
    errno = before;
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    int (*next)(int, struct epoll_event *, int, int) = dlsym(RTLD_NEXT, "epoll_wait");
    trespass_if_told("loop");
    return next(epoll, events, count, timeout);
}

/* librdkafka's threads wait for their brokers in one of these two; the loop does not. */
int poll(struct pollfd *descriptors, nfds_t count, int timeout)
{
    int (*next)(struct pollfd *, nfds_t, int) = dlsym(RTLD_NEXT, "poll");
    trespass_if_told("kafka");
    return next(descriptors, count, timeout);
}

int __poll_chk(struct pollfd *descriptors, nfds_t count, int timeout, size_t size);
int __poll_chk(struct pollfd *descriptors, nfds_t count, int timeout, size_t size)
{
    (void)size;
    return poll(descriptors, count, timeout);
}

long syscall(long number, ...)
{
    long (*next)(long, ...) = dlsym(RTLD_NEXT, "syscall");
    long arguments[6];
    va_list given;

    if (getenv("TRESPASS_NO_LANDLOCK") && number == SYS_landlock_create_ruleset) {
        errno = ENOSYS;
        return -1;
    }
    va_start(given, number);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        arguments[i] = va_arg(given, long);
    va_end(given);
    return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
}

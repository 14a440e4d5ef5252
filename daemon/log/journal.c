#include "log/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool journal_has_stderr(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && device == (unsigned long long)status.st_dev &&
           inode == (unsigned long long)status.st_ino;
}

/* Not connected, so that a journal that was begun anew is found again by its path. */
static int open_socket(void)
{
    static int descriptor = -1;
    if (descriptor < 0)
        descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return descriptor;
}

int journal_send(const char *path, const void *data, size_t length)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int descriptor = open_socket();

    if (descriptor < 0)
        return -errno;
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    if (sendto(descriptor, data, length, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&address, sizeof address) >= 0)
        return 0;
    return errno == ENOBUFS ? -EAGAIN : -errno;
}

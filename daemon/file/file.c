#include "file/file.h"

#include "support/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

/* Reads to the end of the file or of @buffer. */
static int read_all(int descriptor, char *buffer, size_t size, size_t *ret_length)
{
    size_t length = 0;
    while (length < size) {
        ssize_t count = read(descriptor, buffer + length, size - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    *ret_length = length;
    return 0;
}

static int refuse(const char *path, int r, struct aro_error *reterr)
{
    /* The file's permissions would do. */
    if (r == -EACCES && access(path, R_OK) == 0)
        return aro_error_set(reterr, r,
                             "cannot read '%s': the kernel forbids it to this process; a daemon "
                             "that is confined (security.confinement) reads only in the folders "
                             "that its settings named when it started",
                             path);
    return aro_error_set(reterr, r, "cannot read '%s': %s", path, strerror(-r));
}

/* Whoever can read it has the secret, and whoever can write it chooses which one we use. */
static int check_private(int descriptor, const char *path, struct aro_error *reterr)
{
    struct stat status;

    if (fstat(descriptor, &status) < 0)
        return refuse(path, -errno, reterr);
    if (status.st_mode & (S_IRWXO | S_IWGRP))
        return aro_error_set(reterr, -EPERM,
                             "'%s' holds a secret, and its mode %04o lets in more than its owner, "
                             "and its group to read: chmod 0640 or 0600",
                             path, (unsigned)status.st_mode & 07777);
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return aro_error_set(reterr, -EPERM,
                             "'%s' holds a secret, and belongs to uid %u: it must belong to root, "
                             "or to the user of this process (uid %u)",
                             path, status.st_uid, geteuid());
    return 0;
}

static int read_descriptor(int descriptor, const char *path, size_t length_max, char **ret,
                           size_t *ret_length, struct aro_error *reterr)
{
    /* One byte more than allowed tells a file that is too long from one that just fits. */
    CLEANUP(freep) char *buffer = malloc(length_max + 2);
    if (!buffer)
        return refuse(path, -ENOMEM, reterr);
    size_t length = 0;
    int r = read_all(descriptor, buffer, length_max + 1, &length);
    if (r == 0 && length > length_max)
        r = -EFBIG;
    if (r < 0)
        return refuse(path, r, reterr);
    buffer[length] = '\0';
    *ret = TAKE(buffer);
    *ret_length = length;
    return 0;
}

int file_read(const char *path, size_t length_max, char **ret, size_t *ret_length,
              struct aro_error *reterr)
{
    CLEANUP(close_descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse(path, -errno, reterr);
    return read_descriptor(descriptor, path, length_max, ret, ret_length, reterr);
}

int file_read_secret(const char *path, size_t length_max, char **ret, size_t *ret_length,
                     struct aro_error *reterr)
{
    CLEANUP(close_descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse(path, -errno, reterr);
    int r = check_private(descriptor, path, reterr);
    return r < 0 ? r : read_descriptor(descriptor, path, length_max, ret, ret_length, reterr);
}

int file_check_secret(const char *path, struct aro_error *reterr)
{
    CLEANUP(close_descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return refuse(path, -errno, reterr);
    return check_private(descriptor, path, reterr);
}

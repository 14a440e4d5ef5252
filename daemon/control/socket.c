#include "control/socket.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, MODE_OF_GROUP = 0660, MODE_OF_ALL = 0666 };

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

static int take_descriptor(int *descriptor)
{
    int taken = *descriptor;
    *descriptor = -1;
    return taken;
}

static int fill_address(const char *path, struct sockaddr_un *address, struct aro_error *reterr)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address->sun_path)
        return aro_error_set(reterr, -ENAMETOOLONG,
                             "the path of the control socket, '%s', is longer than %zu bytes", path,
                             sizeof address->sun_path - 1);
    strcpy(address->sun_path, path);
    return 0;
}

int socket_connect(const char *path, int *ret, struct aro_error *reterr)
{
    struct sockaddr_un address;
    int r = fill_address(path, &address, reterr);
    if (r < 0)
        return r;
    CLEANUP(close_descriptor) int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return aro_error_set(reterr, -errno, "cannot make a socket: %s", strerror(errno));
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        return aro_error_set(reterr, -errno, "cannot reach '%s': %s", path, strerror(errno));
    *ret = take_descriptor(&descriptor);
    return 0;
}

/* Whoever may write in the folder may put another socket in the place of ours. */
static int check_folder(const char *path, struct aro_error *reterr)
{
    CLEANUP(freep) char *copy = memory_copy_text(path);
    const char *folder = dirname(copy);
    struct stat status;

    if (stat(folder, &status) < 0)
        return aro_error_set(reterr, -errno, "the folder of the control socket, '%s': %s", folder,
                             strerror(errno));
    if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX))
        return aro_error_set(reterr, -EPERM,
                             "the folder of the control socket, '%s', may be written by everyone",
                             folder);
    return 0;
}

/* A crash leaves its socket behind: nobody answers there. */
static int remove_stale(const char *path, struct aro_error *reterr)
{
    CLEANUP(close_descriptor) int descriptor = -1;
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0
                               : aro_error_set(reterr, -errno, "'%s': %s", path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return aro_error_set(reterr, -EEXIST, "'%s' is there and is no socket", path);
    int r = socket_connect(path, &descriptor, reterr);
    if (r == 0)
        return aro_error_set(reterr, -EADDRINUSE, "another process answers at '%s'", path);
    if (r != -ECONNREFUSED && r != -ENOENT)
        return r;
    if (unlink(path) < 0 && errno != ENOENT)
        return aro_error_set(reterr, -errno, "cannot remove '%s': %s", path, strerror(errno));
    return 0;
}

/* Changed where it has to be, and not tried where it is so: the filter of systemd's unit lets
 * nobody call chown. */
static int give_to_group(const char *path, gid_t group, struct aro_error *reterr)
{
    struct stat status;

    if (lstat(path, &status) == 0 && status.st_gid == group)
        return 0;
    if (lchown(path, (uid_t)-1, group) < 0)
        return aro_error_set(reterr, -errno, "cannot give '%s' to group %u: %s", path, group,
                             strerror(errno));
    return 0;
}

int socket_listen(const char *path, gid_t group, bool is_open, int *ret, struct aro_error *reterr)
{
    mode_t mode = is_open ? MODE_OF_ALL : MODE_OF_GROUP;
    struct sockaddr_un address;
    int r = fill_address(path, &address, reterr);
    if (r == 0)
        r = check_folder(path, reterr);
    if (r == 0)
        r = remove_stale(path, reterr);
    if (r < 0)
        return r;

    CLEANUP(close_descriptor)
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode is set before the bind, so that there is no moment in which everybody may connect,
     * and after it once more, against the umask. */
    if (descriptor < 0 || fchmod(descriptor, mode) < 0 ||
        bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        return aro_error_set(reterr, -errno, "cannot listen at '%s': %s", path, strerror(errno));
    r = give_to_group(path, group, reterr);
    if (r < 0)
        return r;
    if (chmod(path, mode) < 0 || listen(descriptor, BACKLOG) < 0)
        return aro_error_set(reterr, -errno, "cannot listen at '%s': %s", path, strerror(errno));
    *ret = take_descriptor(&descriptor);
    return 0;
}

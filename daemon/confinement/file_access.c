#include "confinement/file_access.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's headers may be older than the kernel, so what they may lack is written here. */
enum {
    TRUNCATE = 1 << 14,
    IOCTL_DEV = 1 << 15,
    BIND_TCP = 1 << 0,
    SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0,
    SCOPE_SIGNAL = 1 << 1,
};

struct ruleset_attributes {
    uint64_t handled_access_fs, handled_access_net, scoped;
};

/* The rights on files of the first version: all bits up to that of making symbolic links. */
#define FIRST_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* What each version added to the one before; a kernel refuses what it does not know. */
static const struct {
    int version;
    struct ruleset_attributes added;
} versions[] = {
    { 1, { .handled_access_fs = FIRST_RIGHTS } },
    { 2, { .handled_access_fs = LANDLOCK_ACCESS_FS_REFER } },
    { 3, { .handled_access_fs = TRUNCATE } },
    { 4, { .handled_access_net = BIND_TCP } },
    { 5, { .handled_access_fs = IOCTL_DEV } },
    { 6, { .scoped = SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX_SOCKET } },
};

/* A supervisor that listens at an abstract socket has to be reached. */
static bool is_told_to_abstract_socket(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    return path && path[0] == '@';
}

int file_access_init(struct file_access *access)
{
    struct ruleset_attributes attributes = { 0 };

    access->rules = -1;
    access->version =
        (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (access->version < 0)
        return -errno;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        if (access->version < versions[i].version)
            break;
        attributes.handled_access_fs |= versions[i].added.handled_access_fs;
        attributes.handled_access_net |= versions[i].added.handled_access_net;
        attributes.scoped |= versions[i].added.scoped;
    }
    if (is_told_to_abstract_socket())
        attributes.scoped &= ~(uint64_t)SCOPE_ABSTRACT_UNIX_SOCKET;
    access->rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    return access->rules < 0 ? -errno : 0;
}

void file_access_done(struct file_access *access)
{
    if (access->rules >= 0)
        close(access->rules);
}

static int allow(struct file_access *access, const char *path, uint64_t rights_of_folder,
                 uint64_t rights_of_file)
{
    struct landlock_path_beneath_attr rule = {
        .parent_fd = open(path, O_PATH | O_CLOEXEC),
    };
    struct stat status;
    int r = 0;

    if (rule.parent_fd < 0)
        return -errno;
    if (fstat(rule.parent_fd, &status) < 0)
        r = -errno;
    rule.allowed_access = S_ISDIR(status.st_mode) ? rights_of_folder : rights_of_file;
    if (r == 0 &&
        syscall(SYS_landlock_add_rule, access->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        r = -errno;
    close(rule.parent_fd);
    return r;
}

int file_access_allow_reading(struct file_access *access, const char *path)
{
    return allow(access, path, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
                 LANDLOCK_ACCESS_FS_READ_FILE);
}

int file_access_allow_removing(struct file_access *access, const char *path)
{
    return allow(access, path, LANDLOCK_ACCESS_FS_REMOVE_FILE, 0);
}

int file_access_enter(struct file_access *access)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_landlock_restrict_self, access->rules, 0) < 0)
        return -errno;
    return 0;
}

#include "confinement/confinement.h"

#include "confinement/file_access.h"
#include "confinement/system_calls.h"

#include "log/log.h"
#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What libraries read while the daemon runs: modules of the resolver and of OpenSSL, time zones;
 * certificates, and all that says where names are looked up. /etc as a whole: /etc/resolv.conf and
 * /etc/hosts are replaced while we run, and a rule holds for the file that was there. */
static const char *const read_by_libraries[] = {
    "/usr",  "/lib", "/lib64", "/etc", "/dev/null", "/dev/random", "/dev/urandom",
#ifdef ARO_SANITIZED
    "/proc",
#endif
};

/* Links, whose targets lie elsewhere on some hosts. */
static const char *const linked_files[] = {
    "/etc/resolv.conf", "/etc/hosts",
#ifdef ARO_SANITIZED
    "/proc/self/exe", /* a report names the lines of the program */
#endif
};

#ifdef ARO_SANITIZED
static const char more_is_allowed[] = ", and those of this build's sanitizers";
#else
static const char more_is_allowed[] = "";
#endif

/* Of all that librdkafka does this alone starts a program: kinit. GSSAPI is its default. */
static bool is_kerberos_used(const struct config *config)
{
    const char *protocol = config_find_kafka_property(config, "security.protocol");
    const char *mechanism = config_find_kafka_property(config, "sasl.mechanisms");

    if (!mechanism)
        mechanism = config_find_kafka_property(config, "sasl.mechanism");
    return protocol && strncasecmp(protocol, "sasl_", 5) == 0 &&
           (!mechanism || strcasecmp(mechanism, "GSSAPI") == 0);
}

/* ---- files ---- */

/* Rules while they are made. @told lists the folders for the log, each between blanks. */
struct files {
    struct file_access access;
    struct buffer told;
    int r; /* of the first rule that failed */
};

static void tell(struct buffer *told, const char *path)
{
    CLEANUP(buffer_done) struct buffer word = { 0 };

    buffer_add_format(&word, " %s ", path);
    if (told->length == 0)
        buffer_add_text(told, word.data);
    else if (!strstr(told->data, word.data))
        buffer_add_text(told, word.data + 1);
}

static void allow_reading(struct files *files, const char *path)
{
    int r = file_access_allow_reading(&files->access, path);

    if (r == 0)
        tell(&files->told, path);
    else if (r != -ENOENT && files->r == 0)
        files->r = r;
}

/* The folder that @path lies in, since a new file comes by a rename; where @path is a link, that of
 * what it leads to as well. */
static void allow_folder_of(struct files *files, const char *path)
{
    CLEANUP(freep) char *named = memory_copy_text(path);
    CLEANUP(freep) char *target = realpath(path, NULL);

    const char *folder = dirname(named);
    allow_reading(files, folder);
    if (!target)
        return;
    const char *target_folder = dirname(target);
    if (strcmp(folder, target_folder) != 0)
        allow_reading(files, target_folder);
}

static void allow_what_is_needed(struct files *files, const struct config *config)
{
    for (size_t i = 0; i < sizeof read_by_libraries / sizeof *read_by_libraries; i++)
        allow_reading(files, read_by_libraries[i]);
    for (size_t i = 0; i < sizeof linked_files / sizeof *linked_files; i++)
        allow_folder_of(files, linked_files[i]);
    allow_folder_of(files, config->path);
    allow_folder_of(files, config->rulebook);
    for (size_t i = 0; i < config->files.count; i++)
        allow_folder_of(files, config->files.items[i]);
    if (!config->control_socket)
        return;
    CLEANUP(freep) char *socket = memory_copy_text(config->control_socket);
    int r = file_access_allow_removing(&files->access, dirname(socket));
    if (r < 0 && files->r == 0)
        files->r = r;
}

static int restrict_files(const struct config *config)
{
    struct files files = { 0 };

    int r = file_access_init(&files.access);
    if (r == 0) {
        allow_what_is_needed(&files, config);
        r = files.r < 0 ? files.r : file_access_enter(&files.access);
    }
    if (r == 0)
        LOG(confined, NULL, "confined: opens files below%sonly, to read (Landlock %d)",
            files.told.data, files.access.version);
    file_access_done(&files.access);
    buffer_done(&files.told);
    return r;
}

/* ---- all of it ---- */

/* Without @what: an error where it must be, else a warning. */
static int go_without(const struct config *config, const char *what, const char *why,
                      struct aro_error *reterr)
{
    if (config->confinement == CONFIG_CONFINEMENT_ON)
        return aro_error_set(reterr, -EINVAL,
                             "security.confinement is on, but %s: %s; with auto the daemon runs "
                             "without",
                             what, why);
    LOG(not_confined, NULL, "not confined: %s: %s; going on without", what, why);
    return 0;
}

int confinement_enter(const struct config *config, struct aro_error *reterr)
{
    if (config->confinement == CONFIG_CONFINEMENT_OFF) {
        LOG(confinement_off, NULL, "not confined: security.confinement is off");
        return 0;
    }
    if (is_kerberos_used(config))
        return go_without(config, "it keeps programs from being started",
                          "Kerberos (GSSAPI) starts kinit", reterr);
    int r = restrict_files(config);
    if (r < 0)
        r = go_without(config, "this kernel has no Landlock for us, which bounds the files",
                       strerror(-r), reterr);
    if (r < 0)
        return r;
    r = system_calls_restrict();
    if (r < 0)
        return go_without(config, "this kernel takes no filter of system calls", strerror(-r),
                          reterr);
    LOG(confined, NULL, "confined: makes the system calls that routing takes only (seccomp)%s",
        more_is_allowed);
    return 0;
}

/* A small file, read whole: settings, secrets, rulebooks, what appealctl is given. */
#ifndef APPEAL_ROUTERD_FILE_H
#define APPEAL_ROUTERD_FILE_H

#include <aro/error.h>

#include <stddef.h>

/* On success the caller owns *@ret: @ret_length bytes and a NUL behind them. A negative errno where
 * it cannot be read, -EFBIG where it is longer than @length_max; @reterr names the file. */
int file_read(const char *path, size_t length_max, char **ret, size_t *ret_length,
              struct aro_error *reterr);

/* As file_read(), of a secret: -EPERM where others than its user and group may reach it, where its
 * group may write it, or where it belongs to neither root nor the user of this process. */
int file_read_secret(const char *path, size_t length_max, char **ret, size_t *ret_length,
                     struct aro_error *reterr);

/* The same check of a secret that a library will read; -EPERM or the errno of opening it. */
int file_check_secret(const char *path, struct aro_error *reterr);

#endif

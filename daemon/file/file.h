/* A small file, read whole: settings, secrets, rulebooks, what appealctl is given. */
#ifndef APPEAL_ROUTERD_FILE_H
#define APPEAL_ROUTERD_FILE_H

#include <aro/error.h>

#include <stddef.h>

/* On success the caller owns *@ret: @ret_length bytes and a NUL behind them. A negative errno where
 * it cannot be read, -EFBIG where it is longer than @length_max; @reterr names the file. */
int file_read(const char *path, size_t length_max, char **ret, size_t *ret_length,
              struct aro_error *reterr);

#endif

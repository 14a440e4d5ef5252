/* The socket itself: made, or an old one replaced. */
#ifndef APPEAL_ROUTERD_CONTROL_SOCKET_H
#define APPEAL_ROUTERD_CONTROL_SOCKET_H

#include <aro/error.h>

#include <stdbool.h>
#include <sys/types.h>

/* Gives a listening, non-blocking descriptor at @path, for the owner and @group, or for everyone
 * where it @is_open. */
int socket_listen(const char *path, gid_t group, bool is_open, int *ret, struct aro_error *reterr);

/* Gives a connected, blocking descriptor. */
int socket_connect(const char *path, int *ret, struct aro_error *reterr);

#endif

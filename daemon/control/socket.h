/* The socket itself: made, or an old one replaced. */
#ifndef APPEAL_ROUTERD_CONTROL_SOCKET_H
#define APPEAL_ROUTERD_CONTROL_SOCKET_H

#include <aro/error.h>

/* Gives a listening, non-blocking descriptor at @path, mode 0660. */
int socket_listen(const char *path, int *ret, struct aro_error *reterr);

/* Gives a connected, blocking descriptor. */
int socket_connect(const char *path, int *ret, struct aro_error *reterr);

#endif

/* Who is at the other end of the control socket, as the kernel says, and what they may do.
 *
 * Whoever can connect may ask. What changes something is for root, for the user whom the daemon
 * runs as, and for the members of the socket's group. */
#ifndef APPEAL_ROUTERD_CONTROL_PEER_H
#define APPEAL_ROUTERD_CONTROL_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct peer {
    struct ucred credentials; /* as they were when it connected */
    bool may_change;
};

/* Of the connection @descriptor, whose socket belongs to @group. Nobody, who may change nothing,
 * where the kernel does not say. */
struct peer peer_of(int descriptor, gid_t group);

#endif

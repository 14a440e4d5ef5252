#include "control/peer.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Is @group one of the peer's further groups? Asked of the kernel and not of the host's list of
 * users: it knows those that the process had, and needs no files. */
static bool has_further_group(int descriptor, gid_t group)
{
    socklen_t size = 0;

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
        return false; /* none, or nobody says */
    CLEANUP(freep) gid_t *groups = memory_new(size);
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof *groups; i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

struct peer peer_of(int descriptor, gid_t group)
{
    struct peer peer;
    socklen_t size = sizeof peer.credentials;

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer.credentials, &size) < 0)
        return (struct peer){ .credentials = { .uid = (uid_t)-1, .gid = (gid_t)-1 } };
    uid_t user = peer.credentials.uid;
    peer.may_change = user == 0 || user == geteuid() || peer.credentials.gid == group ||
                      has_further_group(descriptor, group);
    return peer;
}

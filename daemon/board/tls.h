/* TLS between a link and Redis: whom we trust, who we are, and why it failed.
 *
 * hiredis has it from 1.0 on, in a library of its own. Where the build found none, everything here
 * refuses (tls_absent.c), and the settings refuse rediss:// before that. */
#ifndef DAEMON_BOARD_TLS_H
#define DAEMON_BOARD_TLS_H

#include <aro/error.h>

#include "support/cleanup.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>

/* Paths of PEM files. They are read for each connection, so that what was renewed under the same
 * name is taken by the next one. */
struct tls_settings {
    bool is_used;                 /* false: the rest says nothing */
    const char *ca_file;          /* whom to trust; NULL: the authorities that this host trusts */
    const char *certificate_file; /* ours, its chain behind it; NULL: none */
    const char *key_file;         /* of that */
};

/* What one connection speaks. It may outlive the connection, to tell why that ended. */
struct tls;

/* Has @connection, which was just begun, speak TLS from its first byte on, to a server whose
 * certificate is of @host (a name or an address) and comes from an authority that we trust: to any
 * other not a byte of ours goes. On success the caller owns *@ret. Otherwise @reterr names what to
 * mend. */
int tls_begin(redisContext *connection, const struct tls_settings *settings, const char *host,
              struct tls **ret, struct aro_error *reterr);
void tls_free(struct tls *tls);
DEFINE_CLEANUP(struct tls, tls_free)

/* Before each call that lets hiredis read or write: what others left in OpenSSL's queue of errors
 * would be taken for its own. */
void tls_forget_errors(void);

/* Has the server shown who it is? A server that speaks no TLS may wait for more, and say nothing.
 */
bool tls_is_agreed(const struct tls *tls);

/* Why the connection has just failed; NULL where TLS is not the reason, or @tls is NULL. Lasts
 * until the next call. */
const char *tls_failure(const struct tls *tls);

#endif

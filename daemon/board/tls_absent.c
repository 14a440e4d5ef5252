/* A hiredis without TLS: Debian 12 has 0.14. */
#include "board/tls.h"

#include <errno.h>

int tls_begin(redisContext *connection, const struct tls_settings *settings, const char *host,
              struct tls **ret, struct aro_error *reterr)
{
    (void)connection, (void)settings, (void)host, (void)ret;
    return aro_error_set(reterr, -ENOTSUP, "built with a hiredis that has no TLS");
}

void tls_free(struct tls *tls)
{
    (void)tls;
}

void tls_forget_errors(void)
{
}

bool tls_is_agreed(const struct tls *tls)
{
    (void)tls;
    return false;
}

const char *tls_failure(const struct tls *tls)
{
    (void)tls;
    return NULL;
}

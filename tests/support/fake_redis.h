/* A server that answers as the test tells it: what no real Redis says, or says only at its worst.
 */
#ifndef TESTS_FAKE_REDIS_H
#define TESTS_FAKE_REDIS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a command gets: bytes as they go over the wire. Each is a string literal or outlives the
 * server; NULL: the sound answer. */
struct fake_answers {
    const char *auth, *info, *script, *evalsha, *scan;
    size_t length;        /* of the one that is set, where it holds a NUL; 0: strlen */
    const char *greeting; /* sent when somebody connects */
    bool closes;          /* after its first answer */
};

struct fake_redis;

/* Listens on 127.0.0.1, on @base. Ends the process where it cannot. */
struct fake_redis *fake_redis_new(struct event_base *base);
void fake_redis_free(struct fake_redis *fake);
uint16_t fake_redis_port(const struct fake_redis *fake);

/* From now on, for every connection. */
void fake_redis_answer(struct fake_redis *fake, const struct fake_answers *answers);
unsigned fake_redis_connection_count(const struct fake_redis *fake); /* since it was made */

#endif

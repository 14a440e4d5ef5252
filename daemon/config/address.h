/* Where to listen, and where Redis is. */
#ifndef APPEAL_ROUTERD_CONFIG_ADDRESS_H
#define APPEAL_ROUTERD_CONFIG_ADDRESS_H

#include "config/setting.h"

/* struct config_address: "127.0.0.1:9464", "[::1]:9464", "localhost:0" */
int address_parse(const struct setting *setting, void *target);
bool address_equals(const void *a, const void *b);
void address_free(void *target);

/* struct config_redis, its members url to database: "redis://host:port/database", "unix:/path".
 * A password in it is refused, and "rediss://" (TLS) where the client library has none. */
int redis_url_parse(const struct setting *setting, void *target);
bool redis_url_equals(const void *a, const void *b);
void redis_url_free(void *target);

#endif

#include "config/address.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { PORT_MAX = 65535, HOST_LENGTH_MAX = 255, REDIS_PORT = 6379, REDIS_DATABASE_MAX = 1023 };

static bool parse_number(const char *text, int64_t maximum, int64_t *ret)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0 || number > maximum)
        return false;
    *ret = number;
    return true;
}

static char *copy_part(const char *text, size_t length)
{
    char *part = memory_new(length + 1);
    memcpy(part, text, length);
    return part;
}

static bool is_host(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(".-_:%", text[i]))
            return false;
    return length > 0 && length <= HOST_LENGTH_MAX;
}

/* "host:port", "[host]:port", or without the port where @port_initial is not negative. */
static bool parse_host_port(const char *text, int64_t port_initial, char **ret_host,
                            int64_t *ret_port)
{
    bool is_bracketed = *text == '[';
    const char *host = text + is_bracketed;
    size_t length = strcspn(host, is_bracketed ? "]" : ":");
    const char *rest = host + length;
    int64_t port = port_initial;

    if (is_bracketed && *rest++ != ']')
        return false;
    if (*rest == ':' ? !parse_number(rest + 1, PORT_MAX, &port) : *rest != '\0')
        return false;
    if (port < 0 || !is_host(host, length))
        return false;
    *ret_host = copy_part(host, length);
    *ret_port = port;
    return true;
}

int address_parse(const struct setting *setting, void *target)
{
    struct config_address *address = target;
    if (setting->node->kind != DOCUMENT_TEXT ||
        !parse_host_port(setting->node->text, -1, &address->host, &address->port))
        return setting_expected(setting, setting->node,
                                "an address and a port, such as 127.0.0.1:9464 or [::1]:9464");
    return 0;
}

static bool texts_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool address_equals(const void *a, const void *b)
{
    const struct config_address *one = a, *other = b;
    return one->port == other->port && texts_equal(one->host, other->host);
}

void address_free(void *target)
{
    free(((struct config_address *)target)->host);
}

/* What is behind "redis://" or "rediss://": host, port and database. */
static int parse_tcp(const struct setting *setting, const char *text, struct config_redis *redis)
{
    size_t length = strcspn(text, "/");
    CLEANUP(freep) char *host_port = copy_part(text, length);
    const char *database = text[length] == '/' && text[length + 1] ? text + length + 1 : "0";

    if (!parse_host_port(host_port, REDIS_PORT, &redis->host, &redis->port) || redis->port == 0)
        return setting_expected(setting, setting->node, "redis://host:port/database");
    if (!parse_number(database, REDIS_DATABASE_MAX, &redis->database))
        return setting_expected(setting, setting->node, "a database from 0 to %d at its end",
                                REDIS_DATABASE_MAX);
    return 0;
}

int redis_url_parse(const struct setting *setting, void *target)
{
    struct config_redis *redis = target;
    const char *text = setting->node->text;

    if (strchr(text, '@') && strncmp(text, "unix:", 5) != 0) /* and so never shown in an error */
        return setting_refuse(setting, "no user or password in it: name redis.username and "
                                       "redis.password_file");
    redis->is_tls = strncmp(text, "rediss://", 9) == 0;
#ifndef ARO_REDIS_TLS
    if (redis->is_tls)
        return setting_refuse(setting,
                              "TLS to Redis takes hiredis 1.0 or later with hiredis_ssl, and this "
                              "program was built with hiredis " ARO_HIREDIS_VERSION
                              ": use a Unix socket, a tunnel on this host such as stunnel, or a "
                              "build for a system that has it, such as Debian 13");
#endif
    if (strncmp(text, "unix:/", 6) != 0 && strncmp(text, "redis://", 8) != 0 && !redis->is_tls)
        return setting_expected(setting, setting->node,
                                "redis://host:port/database, rediss:// for TLS, or "
                                "unix:/path/to/socket");
    if (text[0] == 'r') {
        int r = parse_tcp(setting, strstr(text, "//") + 2, redis);
        if (r < 0)
            return r;
    } else {
        redis->unix_path = memory_copy_text(text + strlen("unix:"));
    }
    redis->url = memory_copy_text(text);
    return 0;
}

bool redis_url_equals(const void *a, const void *b)
{
    const struct config_redis *one = a, *other = b;
    return texts_equal(one->url, other->url);
}

void redis_url_free(void *target)
{
    struct config_redis *redis = target;
    free(redis->url);
    free(redis->host);
    free(redis->unix_path);
}

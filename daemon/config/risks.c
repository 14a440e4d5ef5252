#include "config/risks.h"

#include "support/buffer.h"

#include <string.h>
#include <strings.h>

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static const char *property(const struct config *config, const char *name)
{
    const char *value = config_find_kafka_property(config, name);
    return value ? value : "";
}

static void find_open_pages(const struct config *config, struct buffer *text)
{
    const struct config_address *address = &config->http;
    if (address->host && !is_loopback(address->host))
        buffer_add_format(text,
                          "http.listen: '%s' can be reached from other hosts, and nobody is asked "
                          "for a password there: listen at 127.0.0.1, or have a firewall say who "
                          "may ask",
                          address->host);
}

static void find_unnamed_brokers(const struct config *config, struct buffer *text)
{
    if (strcasecmp(property(config, "ssl.endpoint.identification.algorithm"), "none") == 0)
        buffer_add_text(text, "kafka.properties: with ssl.endpoint.identification.algorithm: none "
                              "any certificate of the CA is taken for a broker's: leave it out");
}

static void find_plain_kafka(const struct config *config, struct buffer *text)
{
    if (strcasecmp(property(config, "security.protocol"), "sasl_plaintext") == 0)
        buffer_add_text(text, "kafka.properties: with security.protocol: SASL_PLAINTEXT whoever "
                              "listens on the network reads every record, and the password of "
                              "some mechanisms: take SASL_SSL");
}

/* Until 2.6.1 librdkafka repeated its nonce, which Kafka takes before 4.0 only:
 * https://github.com/confluentinc/librdkafka/pull/4895 */
static void find_old_scram(const struct config *config, struct buffer *text)
{
    static const int mended_version = 0x020601ff;
    const char *mechanism = property(config, "sasl.mechanisms");
    mechanism = *mechanism ? mechanism : property(config, "sasl.mechanism");
    if (strncasecmp(mechanism, "SCRAM", 5) == 0 && rd_kafka_version() < mended_version)
        buffer_add_format(
            text,
            "kafka.properties: librdkafka %s speaks %s in a way that Kafka 4 refuses as "
            "invalid credentials: take 2.6.1 or later, or a certificate in place of "
            "the password",
            rd_kafka_version_str(), mechanism);
}

static void find_plain_redis(const struct config *config, struct buffer *text)
{
    const struct config_redis *redis = &config->redis;
    if (redis->host && !redis->is_tls && redis->password && !is_loopback(redis->host))
        buffer_add_format(text,
                          "redis.url: the password goes to %s as plain text: use a Unix socket, "
                          "rediss://, or a tunnel",
                          redis->host);
}

void config_each_risk(const struct config *config, void (*visit)(const char *text, void *context),
                      void *context)
{
    static void (*const finders[])(const struct config *config, struct buffer *text) = {
        find_open_pages, find_unnamed_brokers, find_plain_kafka, find_old_scram, find_plain_redis,
    };
    struct buffer text = { 0 };

    for (size_t i = 0; i < sizeof finders / sizeof *finders; i++) {
        buffer_clear(&text);
        finders[i](config, &text);
        if (text.length > 0)
            visit(text.data, context);
    }
    buffer_done(&text);
}

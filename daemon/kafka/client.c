#include "kafka/client.h"

#include "config/secret.h"
#include "kafka/trouble.h"
#include "log/log.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* What a broker says of our certificate, by the numbers of TLS. */
static const struct {
    int number;
    const char *meaning;
} certificate_alerts[] = {
    { 42, "there is none, or it is damaged" },
    { 43, "it is of another kind" },
    { 44, "it was revoked" },
    { 45, "it has expired" },
    { 46, "it has expired, or is not trusted" },
    { 48, "its authority is not trusted" },
    { 116, "there is none, and one is needed" },
};

/* librdkafka tells it as "[thrd:...]: <broker>: Receive failed: error:...: SSL alert number 42
 * ...". */
static void report_alert(const char *text)
{
    static const char before[] = "SSL alert number ";
    const char *found = strstr(text, before), *thread_end = strstr(text, "]: ");
    int number = found ? atoi(found + sizeof before - 1) : 0;
    const char *broker = thread_end ? thread_end + strlen("]: ") : text;
    const char *broker_end = strstr(broker, ": ");

    for (size_t i = 0; i < sizeof certificate_alerts / sizeof *certificate_alerts; i++) {
        if (!broker_end || certificate_alerts[i].number != number)
            continue;
        char refusal[TROUBLE_TEXT_SIZE];
        snprintf(refusal, sizeof refusal,
                 "%.*s does not take our certificate (ssl.certificate.location): %s",
                 (int)(broker_end - broker), broker, certificate_alerts[i].meaning);
        trouble_note(TROUBLE_REFUSAL, refusal);
        LOG(certificate_not_taken, ABOUT(.peer = "kafka"), "%s", refusal);
    }
}

/* "[thrd:...]: <broker>: Connect to ... failed: ..." */
static void note_failed_connection(const char *text)
{
    const char *thread_end = strstr(text, "]: ");
    bool is_refusal = strstr(text, "SASL authentication error") != NULL;

    trouble_note(is_refusal ? TROUBLE_REFUSAL : TROUBLE_CONNECTION,
                 thread_end ? thread_end + strlen("]: ") : text);
}

/* Its levels are syslog's. */
void client_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle;
    /* The settings' properties go to every handle, and some are for producers or consumers only. */
    if (strcmp(facility, "CONFWARN") == 0)
        level = 7;
    if (strcmp(facility, "FAIL") == 0)
        note_failed_connection(text);
    report_alert(text);
    if (level <= 4)
        LOG(kafka_library_warning, ABOUT(.peer = "kafka"), "%s: %s", facility, text);
    else if (level <= 6)
        LOG(kafka_library_notice, ABOUT(.peer = "kafka"), "%s: %s", facility, text);
    else
        LOG(kafka_library_detail, ABOUT(.peer = "kafka"), "%s: %s", facility, text);
}

/* Why a certificate is refused, by OpenSSL's numbers (X509_V_ERR_...), which librdkafka hands on.
 */
static const struct {
    int number;
    const char *reason;
} certificate_errors[] = {
    { 3, "its authority's list of revoked certificates (ssl.crl.location) is missing" },
    { 9, "it is not valid yet" },
    { 10, "it has expired" },
    { 12, "its authority's list of revoked certificates (ssl.crl.location) has expired" },
    { 18, "it is signed by itself: put its authority into ssl.ca.location" },
    { 19, "its authority is not in ssl.ca.location" },
    { 20, "its authority is not in ssl.ca.location" },
    { 21, "its authority is not in ssl.ca.location" },
    { 23, "it was revoked" },
    { 62, "it is for another host" },
    { 64, "it is for another address" },
};

/* Asked of each certificate in the chain of a broker's. Says no to whatever OpenSSL does not like,
 * as librdkafka would, and says why. */
static int on_certificate(rd_kafka_t *handle, const char *broker, int32_t broker_id, int *error,
                          int depth, const char *bytes, size_t length, char *text, size_t text_size,
                          void *opaque)
{
    const char *reason = "OpenSSL does not like it";
    (void)handle, (void)broker_id, (void)depth, (void)bytes, (void)length, (void)opaque;

    if (*error == 0)
        return 1;
    for (size_t i = 0; i < sizeof certificate_errors / sizeof *certificate_errors; i++) {
        if (certificate_errors[i].number == *error)
            reason = certificate_errors[i].reason;
    }
    char refusal[TROUBLE_TEXT_SIZE];
    snprintf(refusal, sizeof refusal,
             "the certificate of %s is refused, and nothing is sent to it: %s (%d)", broker, reason,
             *error);
    trouble_note(TROUBLE_REFUSAL, refusal);
    LOG(certificate_refused, ABOUT(.peer = "kafka"), "%s", refusal);
    snprintf(text, text_size, "%s", reason);
    return 0;
}

void client_log_error(rd_kafka_t *handle, int error, const char *reason, void *opaque)
{
    (void)opaque;
    /* A fatal error is met again, with its consequences, by whoever uses the handle next. */
    LOG(kafka_client_error, ABOUT(.peer = "kafka"), "%s: %s (%s)", rd_kafka_name(handle), reason,
        rd_kafka_err2name((rd_kafka_resp_err_t)error));
}

void client_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    rd_kafka_conf_res_t r = rd_kafka_conf_set(conf, name, value, text, sizeof text);
    assert(r == RD_KAFKA_CONF_OK);
}

void client_conf_set_number(rd_kafka_conf_t *conf, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    client_conf_set(conf, name, text);
}

/* A wire that is cut, or whose other end has forgotten the connection, is found out by the kernels:
 * they answer each other however busy the broker is. Left alone they try for a quarter of an hour,
 * ever more seldom, and librdkafka waits a minute for each answer. A kernel that knows no such
 * option does without. */
static int open_socket(int domain, int type, int protocol, void *opaque)
{
    static const struct {
        int level, option, value;
    } rows[] = {
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, 5 },             /* seconds of silence, then it asks */
        { IPPROTO_TCP, TCP_KEEPINTVL, 2 },            /* seconds between questions */
        { IPPROTO_TCP, TCP_USER_TIMEOUT, 10 * 1000 }, /* ms without an answer are the end */
    };
    int descriptor = socket(domain, type | SOCK_CLOEXEC, protocol);
    (void)opaque;

    for (size_t i = 0; descriptor >= 0 && i < sizeof rows / sizeof *rows; i++)
        setsockopt(descriptor, rows[i].level, rows[i].option, &rows[i].value, sizeof rows[i].value);
    return descriptor;
}

rd_kafka_conf_t *client_conf_new(const struct config *config, const struct client_default *defaults,
                                 struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    client_conf_set(conf, "socket.nagle.disable", "true"); /* else each commit takes 40 ms more */
    client_conf_set(conf, "log.connection.close", "false");
    client_conf_set(conf, "reconnect.backoff.ms", "50");
    client_conf_set(conf, "reconnect.backoff.max.ms", "2000");
    for (const struct client_default *row = defaults; row && row->name; row++)
        client_conf_set(conf, row->name, row->value);
    int r = config_set_kafka_properties(config, conf, reterr);
    if (r < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    client_conf_set(conf, "bootstrap.servers", config->kafka.bootstrap_servers);
    rd_kafka_conf_set_socket_cb(conf, open_socket);
    rd_kafka_conf_set_log_cb(conf, client_log);
    rd_kafka_conf_set_error_cb(conf, client_log_error);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    return conf;
}

/* ---- every handle there is, and the password that they were given since ---- */

struct client {
    rd_kafka_t *handle;
    LIST_ENTRY(client) next;
};

static struct {
    pthread_mutex_t mutex; /* handles are made and ended by the writers' threads, too */
    LIST_HEAD(, client) clients;
    char *username, *password; /* NULL: as they are in their settings */
} all = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* With the lock held. */
static void give_password(rd_kafka_t *handle)
{
    if (!all.password)
        return;
    rd_kafka_error_t *error = rd_kafka_sasl_set_credentials(handle, all.username, all.password);
    if (error)
        LOG(kafka_client_error, ABOUT(.peer = "kafka"), "%s: cannot take another password: %s",
            rd_kafka_name(handle), rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static void client_add(rd_kafka_t *handle)
{
    struct client *client = memory_new(sizeof *client);

    client->handle = handle;
    pthread_mutex_lock(&all.mutex);
    LIST_INSERT_HEAD(&all.clients, client, next);
    give_password(handle);
    pthread_mutex_unlock(&all.mutex);
}

static void client_remove(rd_kafka_t *handle)
{
    struct client *client;

    pthread_mutex_lock(&all.mutex);
    LIST_FOREACH(client, &all.clients, next)
    {
        if (client->handle == handle)
            break;
    }
    if (client)
        LIST_REMOVE(client, next);
    pthread_mutex_unlock(&all.mutex);
    free(client);
}

void client_renew_password(const struct config *config)
{
    const char *username = config_find_kafka_property(config, "sasl.username");
    struct client *client;

    trouble_forget();
    pthread_mutex_lock(&all.mutex);
    free(all.username);
    secret_free(&all.password);
    all.username = all.password = NULL;
    if (username && config->kafka.password) {
        all.username = memory_copy_text(username);
        all.password = memory_copy_text(config->kafka.password);
    }
    LIST_FOREACH(client, &all.clients, next)
    {
        give_password(client->handle);
    }
    pthread_mutex_unlock(&all.mutex);
}

static atomic_uint generation;

void client_renew_files(void)
{
    trouble_forget();
    atomic_fetch_add(&generation, 1);
}

unsigned client_generation(void)
{
    return atomic_load(&generation);
}

int client_try(const struct config *config, struct aro_error *reterr)
{
    char text[384];
    const char *protocol = config_find_kafka_property(config, "security.protocol");

    if (!protocol || (strcasecmp(protocol, "ssl") != 0 && strcasecmp(protocol, "sasl_ssl") != 0))
        return 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int r = config_set_kafka_properties(config, conf, reterr);
    if (r < 0) {
        rd_kafka_conf_destroy(conf);
        return r;
    }
    client_conf_set(conf, "security.protocol", "ssl"); /* it shall not ask for tickets or tokens */
    rd_kafka_conf_set_log_cb(conf, client_log);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        return aro_error_set(reterr, -EINVAL, "kafka.properties: %s", text);
    }
    rd_kafka_destroy(handle);
    return 0;
}

rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct aro_error *reterr)
{
    char text[512];
    rd_kafka_t *handle = rd_kafka_new(type, conf, text, sizeof text);

    if (!handle) {
        rd_kafka_conf_destroy(conf);
        aro_error_set(reterr, -EINVAL, "cannot make a Kafka client: %s", text);
        return NULL;
    }
    client_add(handle);
    return handle;
}

void client_free(rd_kafka_t *handle)
{
    if (!handle)
        return;
    client_remove(handle);
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

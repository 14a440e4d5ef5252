#include "board/tls.h"

#include "support/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis_ssl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    SSL *ssl; /* hiredis has another reference, which ends with the connection */
};

DEFINE_CLEANUP(SSL_CTX, SSL_CTX_free)
DEFINE_CLEANUP(SSL, SSL_free)

/* The first of its queue is the cause, the others say where it was met. */
static const char *openssl_reason(void)
{
    unsigned long error = ERR_peek_error();
    if (ERR_SYSTEM_ERROR(error))
        return strerror(ERR_GET_REASON(error));
    const char *reason = ERR_reason_error_string(error);
    return reason ? reason : "no reason given";
}

/* Nobody is there to type one. */
static int phrase_refuse(char *phrase, int size, int is_writing, void *context)
{
    (void)phrase, (void)size, (void)is_writing, (void)context;
    return -1;
}

static int file_refuse(const char *setting, const char *path, struct aro_error *reterr)
{
    return aro_error_set(reterr, -EINVAL, "%s '%s' is not taken: %s", setting, path,
                         openssl_reason());
}

static int read_files(SSL_CTX *context, const struct tls_settings *settings,
                      struct aro_error *reterr)
{
    if (!settings->ca_file) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            return aro_error_set(reterr, -EINVAL, "no authorities that this host trusts: %s",
                                 openssl_reason());
    } else if (SSL_CTX_load_verify_file(context, settings->ca_file) != 1) {
        return file_refuse("redis.ca_file", settings->ca_file, reterr);
    }
    if (!settings->certificate_file)
        return 0;
    if (SSL_CTX_use_certificate_chain_file(context, settings->certificate_file) != 1)
        return file_refuse("redis.certificate_file", settings->certificate_file, reterr);
    /* One that is not of the certificate is refused by this, too. */
    if (SSL_CTX_use_PrivateKey_file(context, settings->key_file, SSL_FILETYPE_PEM) != 1)
        return file_refuse("redis.key_file", settings->key_file, reterr);
    return 0;
}

/* OpenSSL checks the name while it shakes hands; hiredis has no check of its own. The server is
 * told a name, too (SNI), never an address. */
static bool expect_host(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

int tls_begin(redisContext *connection, const struct tls_settings *settings, const char *host,
              struct tls **ret, struct aro_error *reterr)
{
    ERR_clear_error();
    CLEANUP(SSL_CTX_freep) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        return aro_error_set(reterr, -ENOMEM, "TLS cannot begin: %s", openssl_reason());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_default_passwd_cb(context, phrase_refuse);
    int r = read_files(context, settings, reterr);
    if (r < 0)
        return r;

    CLEANUP(SSL_freep) SSL *ssl = SSL_new(context);
    if (!ssl || !expect_host(ssl, host))
        return aro_error_set(reterr, -EINVAL, "TLS cannot begin with '%s': %s", host,
                             openssl_reason());
    if (redisInitiateSSL(connection, ssl) != REDIS_OK)
        return aro_error_set(reterr, -EIO, "%s", connection->errstr);
    SSL_up_ref(ssl);
    struct tls *tls = memory_new(sizeof *tls);
    tls->ssl = TAKE(ssl);
    *ret = tls;
    return 0;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    free(tls);
}

void tls_forget_errors(void)
{
    ERR_clear_error();
}

bool tls_is_agreed(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1;
}

const char *tls_failure(const struct tls *tls)
{
    static _Thread_local char text[192];

    if (!tls)
        return NULL;
    long refusal = SSL_get_verify_result(tls->ssl);
    if (refusal != X509_V_OK)
        snprintf(text, sizeof text, "the server's certificate is refused: %s",
                 X509_verify_cert_error_string(refusal));
    else if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL)
        snprintf(text, sizeof text, "TLS failed: %s", openssl_reason());
    else
        return NULL;
    return text;
}

/* A real Redis over TLS: the board is written to a server that we trust, and not a byte to others.
 */
#include "board_world.h"

#include "cmocka_headers.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A board that begins its term over TLS, and the files that its settings name. */
struct tls_world {
    struct world *world;
    char ca_file[96], certificate_file[96], key_file[96];
};

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* <name>.pem and <name>.key in the folder; itself an authority. */
static void make_authority(const char *folder, const char *name)
{
    run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-days 2 -subj '/CN=%s' -keyout %s.key -out %s.pem 2>openssl.log",
        folder, name, name, name);
}

/* The same by the authority @issuer, for the host @names: "IP:127.0.0.1", "DNS:localhost". */
static void make_certificate(const char *folder, const char *issuer, const char *name,
                             const char *names)
{
    run("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-days 2 -subj '/CN=%s' -addext 'subjectAltName=%s' "
        "-addext 'basicConstraints=critical,CA:FALSE' -CA %s.pem -CAkey %s.key "
        "-keyout %s.key -out %s.pem 2>openssl.log",
        folder, name, names, issuer, issuer, name, name);
}

/* A server with a certificate for 127.0.0.1, not started yet; settings that are right for it. */
static int setup(void **state)
{
    struct tls_world *tls = calloc(1, sizeof *tls);
    assert_non_null(tls);
    struct world *world = world_new_without_redis();
    const char *folder = world->server.folder;

    *state = tls;
    tls->world = world;
    snprintf(tls->ca_file, sizeof tls->ca_file, "%s/ca.pem", folder);
    snprintf(tls->certificate_file, sizeof tls->certificate_file, "%s/ours.pem", folder);
    snprintf(tls->key_file, sizeof tls->key_file, "%s/ours.key", folder);
    make_authority(folder, "ca");
    make_authority(folder, "stranger");
    make_certificate(folder, "ca", "server", "IP:127.0.0.1");
    redis_server_use_tcp(&world->server);
    world->server.is_tls = true;
    world->settings.unix_path = NULL;
    world->settings.host = "127.0.0.1";
    world->settings.port = world->server.port;
    world->settings.tls = (struct tls_settings){ .is_used = true, .ca_file = tls->ca_file };
    world_populate(world);
    return 0;
}

static int teardown(void **state)
{
    struct tls_world *tls = *state;
    world_free(tls->world);
    free(tls);
    return 0;
}

static void start(struct world *world)
{
    redis_server_start(&world->server);
    world_remake_board(world);
    world_begin_term(world);
}

static void expect_board_follows(struct world *world)
{
    world_expect_board(world);
    for (unsigned i = 0; i < 20; i++) {
        world_change(world);
        world_commit(world);
    }
    world_expect_board(world);
}

/* Told so, and nothing of the board is there. */
static void expect_refused(struct world *world, const char *text)
{
    world_expect_failure(world, text);
    assert_int_equal(world_key_count(world, "*"), 0);
}

static void test_a_board_follows_over_tls_to_an_address(void **state)
{
    struct tls_world *tls = *state;
    start(tls->world);
    expect_board_follows(tls->world);
}

static void test_a_board_follows_over_tls_to_a_name(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "ca", "server", "DNS:localhost");
    tls->world->settings.host = "localhost";
    start(tls->world);
    expect_board_follows(tls->world);
}

static void test_a_server_that_is_killed_and_comes_back_gets_the_board_over_tls(void **state)
{
    struct tls_world *tls = *state;
    start(tls->world);
    world_expect_board(tls->world);
    redis_server_kill(&tls->world->server);
    world_wait(tls->world, world_status(tls->world).is_stale);
    redis_server_start(&tls->world->server);
    expect_board_follows(tls->world);
}

static void test_a_certificate_of_another_authority_is_refused(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "stranger", "server", "IP:127.0.0.1");
    start(tls->world);
    expect_refused(tls->world, "the server's certificate is refused: ");
}

static void test_this_host_s_authorities_do_not_stand_for_another(void **state)
{
    struct tls_world *tls = *state;
    tls->world->settings.tls.ca_file = NULL;
    start(tls->world);
    expect_refused(tls->world, "the server's certificate is refused: ");
}

static void test_a_certificate_of_another_address_is_refused(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "ca", "server", "IP:127.0.0.2,DNS:127.0.0.1");
    start(tls->world);
    expect_refused(tls->world, "the server's certificate is refused: IP address mismatch");
}

static void test_a_certificate_of_another_name_is_refused(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "ca", "server", "DNS:redis.example,IP:127.0.0.1");
    tls->world->settings.host = "localhost";
    start(tls->world);
    expect_refused(tls->world, "the server's certificate is refused: hostname mismatch");
}

static void test_a_server_without_tls_is_refused(void **state)
{
    struct tls_world *tls = *state;
    tls->world->server.is_tls = false;
    tls->world->settings.timeout.ms = 100; /* it waits for the end of a line */
    start(tls->world);
    expect_refused(tls->world, "no TLS within 100 ms");
}

static void test_a_server_that_never_shakes_hands_is_given_up(void **state)
{
    struct tls_world *tls = *state;
    tls->world->settings.timeout.ms = 100;
    redis_server_start(&tls->world->server);
    redis_server_freeze(&tls->world->server);
    world_remake_board(tls->world);
    world_begin_term(tls->world);
    world_expect_failure(tls->world, "no TLS within 100 ms");
    redis_server_thaw(&tls->world->server);
}

static void test_a_server_that_asks_for_a_certificate_gets_ours(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "ca", "ours", "DNS:appeal-router");
    tls->world->server.asks_for_certificates = true;
    tls->world->settings.tls.certificate_file = tls->certificate_file;
    tls->world->settings.tls.key_file = tls->key_file;
    start(tls->world);
    expect_board_follows(tls->world);
}

static void test_a_server_that_misses_a_certificate_of_ours_is_told_of(void **state)
{
    struct tls_world *tls = *state;
    tls->world->server.asks_for_certificates = true;
    start(tls->world);
    expect_refused(tls->world, "certificate required");
}

static void test_a_key_of_another_certificate_is_named(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "ca", "ours", "DNS:appeal-router");
    run("cp %s/stranger.key %s", tls->world->server.folder, tls->key_file);
    tls->world->settings.tls.certificate_file = tls->certificate_file;
    tls->world->settings.tls.key_file = tls->key_file;
    start(tls->world);
    expect_refused(tls->world, "redis.key_file '");
}

static void test_a_key_with_a_password_is_refused_and_asks_nobody(void **state)
{
    struct tls_world *tls = *state;
    make_certificate(tls->world->server.folder, "ca", "ours", "DNS:appeal-router");
    run("cd %s && openssl pkey -in server.key -aes256 -passout pass:secret -out ours.key",
        tls->world->server.folder);
    tls->world->settings.tls.certificate_file = tls->certificate_file;
    tls->world->settings.tls.key_file = tls->key_file;
    start(tls->world);
    expect_refused(tls->world, "redis.key_file '");
}

static void test_authorities_that_are_renewed_are_taken_by_the_next_connection(void **state)
{
    struct tls_world *tls = *state;
    const char *folder = tls->world->server.folder;
    snprintf(tls->ca_file, sizeof tls->ca_file, "%s/trusted.pem", folder);
    start(tls->world);
    expect_refused(tls->world, "trusted.pem' is not taken: No such file or directory");
    run("cp %s/stranger.pem %s", folder, tls->ca_file);
    expect_refused(tls->world, "the server's certificate is refused: ");
    run("cp %s/ca.pem %s", folder, tls->ca_file);
    expect_board_follows(tls->world);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_board_follows_over_tls_to_an_address),
        WITH_WORLD(test_a_board_follows_over_tls_to_a_name),
        WITH_WORLD(test_a_server_that_is_killed_and_comes_back_gets_the_board_over_tls),
        WITH_WORLD(test_a_certificate_of_another_authority_is_refused),
        WITH_WORLD(test_this_host_s_authorities_do_not_stand_for_another),
        WITH_WORLD(test_a_certificate_of_another_address_is_refused),
        WITH_WORLD(test_a_certificate_of_another_name_is_refused),
        WITH_WORLD(test_a_server_without_tls_is_refused),
        WITH_WORLD(test_a_server_that_never_shakes_hands_is_given_up),
        WITH_WORLD(test_a_server_that_asks_for_a_certificate_gets_ours),
        WITH_WORLD(test_a_server_that_misses_a_certificate_of_ours_is_told_of),
        WITH_WORLD(test_a_key_of_another_certificate_is_named),
        WITH_WORLD(test_a_key_with_a_password_is_refused_and_asks_nobody),
        WITH_WORLD(test_authorities_that_are_renewed_are_taken_by_the_next_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

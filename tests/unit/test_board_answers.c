/* What a server may say at its worst: each answer has a decided behaviour, and none does harm. */
#include "board_world.h"

#include "../support/fake_redis.h"

#include "board/info.h"
#include "board/refusal.h"

#include "cmocka_headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct world *world;
    struct fake_redis *fake;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    scene->world = world_new_without_redis();
    scene->fake = fake_redis_new(scene->world->base);
    scene->world->settings.unix_path = NULL;
    scene->world->settings.host = "127.0.0.1";
    scene->world->settings.port = fake_redis_port(scene->fake);
    scene->world->settings.password = "secret";
    world_remake_board(scene->world);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    fake_redis_free(scene->fake);
    world_free(scene->world);
    free(scene);
    return 0;
}

/* What a server answers, and what the board says of it. */
struct trial {
    const char *error;
    struct fake_answers answers;
};

/* From each of these the board fails, saying so, and is live once the server is sound. */
static void expect_failures(struct scene *scene, const struct trial *trials, size_t count)
{
    const struct fake_answers sound = { 0 };
    struct world *world = scene->world;

    world_populate(world);
    for (size_t i = 0; i < count; i++) {
        fake_redis_answer(scene->fake, &trials[i].answers);
        world_remake_board(world);
        world_begin_term(world);
        world_wait(world, world_status(world).last_error[0]);
        if (!strstr(world_status(world).last_error, trials[i].error))
            fail_msg("row %zu: '%s' says nothing of '%s'", i, world_status(world).last_error,
                     trials[i].error);
        assert_true(world_status(world).is_stale);
        world_change(world);
        world_commit(world);
        fake_redis_answer(scene->fake, &sound);
        world_wait(world, !world_status(world).is_stale && world_status(world).lag == 0);
    }
}

static void test_every_refusal_is_waited_out(void **state)
{
    static const struct trial trials[] = {
        { "LOADING", { .info = "-LOADING Redis is loading the dataset in memory\r\n" } },
        { "still loading", { .info = "$34\r\nrun_id:1\r\nrole:master\r\nloading:1\r\n\r\n" } },
        { "replica", { .info = "$24\r\nrun_id:1\r\nrole:slave\r\nxy\r\n" } },
        { "ERR AUTH", { .auth = "-ERR AUTH <password> called without any password\r\n" } },
        { "WRONGPASS", { .auth = "-WRONGPASS invalid username-password pair\r\n" } },
        { "NOAUTH", { .info = "-NOAUTH Authentication required.\r\n" } },
        { "NOPERM", { .info = "-NOPERM this user has no permissions to run 'info'\r\n" } },
        { "NOPERM", { .script = "-NOPERM this user has no permissions to run 'script|load'\r\n" } },
        { "READONLY", { .evalsha = "-READONLY You can't write against a read only replica.\r\n" } },
        { "MASTERDOWN", { .evalsha = "-MASTERDOWN Link with MASTER is down\r\n" } },
        { "BUSY", { .evalsha = "-BUSY Redis is busy running a script.\r\n" } },
        { "UNKILLABLE", { .evalsha = "-UNKILLABLE Sorry the script already wrote\r\n" } },
        { "OOM", { .evalsha = "-OOM command not allowed when used memory > 'maxmemory'.\r\n" } },
        { "memory is full",
          { .evalsha = "-ERR Error running script (call to f_12): @user_script:80: OOM command "
                       "not allowed when used memory > 'maxmemory'.\r\n" } },
        { "NOSCRIPT", { .evalsha = "-NOSCRIPT No matching script. Please use EVAL.\r\n" } },
        { "MISCONF", { .evalsha = "-MISCONF Errors writing to the AOF file\r\n" } },
        { "NOREPLICAS", { .evalsha = "-NOREPLICAS Not enough good replicas to write.\r\n" } },
        { "MOVED", { .evalsha = "-MOVED 3999 127.0.0.1:6381\r\n" } },
        { "WHATEVER", { .evalsha = "-WHATEVER nobody knows\r\n" } },
        { "NOPERM", { .scan = "-NOPERM this user has no permissions to run 'scan'\r\n" } },
        { "max number of clients",
          { .greeting = "-ERR max number of clients reached\r\n", .closes = true } },
    };
    expect_failures(*state, trials, sizeof trials / sizeof *trials);
}

static void test_every_hostile_answer_ends_the_connection_and_nothing_else(void **state)
{
    static char endless[5 * 1024 * 1024];
    memset(endless, 'x', sizeof endless);
    memcpy(endless, "$1000000000\r\n", strlen("$1000000000\r\n"));
    const struct trial trials[] = {
        { "answer without end", { .info = endless, .length = sizeof endless } },
        { "", { .info = "$99999999999999999999999\r\n" } },
        { "", { .info = "$-7\r\n" } },
        { "memory", { .info = "*2147483647\r\n" } },
        { "memory", { .evalsha = "*1000000\r\n" } },
        { "", { .scan = "*-2\r\n" } },
        { "", { .scan = "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n" } },
        { "Protocol error", { .info = "?what is this\r\n" } },
        { "AUTH", { .auth = ":1\r\n" } },
        { "INFO", { .info = ":5\r\n" } },
        { "INFO", { .info = "$-1\r\n" } },
        { "INFO", { .info = "$3\r\nabc\r\n" } },
        { "SCRIPT LOAD", { .script = "$3\r\nabc\r\n" } },
        { "SCRIPT LOAD", { .script = "*0\r\n" } },
        { "EVALSHA", { .evalsha = "$4\r\nWHAT\r\n" } },
        { "EVALSHA", { .evalsha = ":1\r\n" } },
        { "EVALSHA", { .evalsha = "$-1\r\n" } },
        { "EVALSHA", { .evalsha = "$4\r\n\0\0\0\0\r\n", .length = 10 } },
        { "", { .evalsha = "$4\r\nDONE\r\n$4\r\nDONE\r\n" } },
        { "EVALSHA", { .script = "$40\r\n0123456789012345678901234567890123456789\r\n:1\r\n" } },
        { "", { .evalsha = "$100\r\nDO", .closes = true } },
        { "BAD ??[31m? all", { .evalsha = "-BAD \xff\x1b[31m\x7f all\r\n" } },
        { "SCAN", { .scan = "*2\r\n$33\r\n012345678901234567890123456789012\r\n*0\r\n" } },
        { "SCAN", { .scan = "*2\r\n$1\r\n0\r\n$1\r\n0\r\n" } },
        { "SCAN", { .scan = "*3\r\n:1\r\n:2\r\n:3\r\n" } },
        { "", { .info = "", .closes = true } },
    };
    expect_failures(*state, trials, sizeof trials / sizeof *trials);
}

static void test_an_answer_that_nobody_asked_for_ends_the_connection(void **state)
{
    static const struct fake_answers rows[] = {
        { .evalsha = "$4\r\nDONE\r\n$4\r\nDONE\r\n" },
        { .evalsha = "$4\r\nDONE\r\n+DONE\r\n" },
        { .evalsha = "$4\r\nDONE\r\n:1\r\n" },
        { .evalsha = "$4\r\nDONE\r\n$-1\r\n" },
        { .evalsha = "$4\r\nDONE\r\n*2\r\n:1\r\n:2\r\n" },
        { .evalsha = "$4\r\nDONE\r\n-ERR out of the blue\r\n" },
    };
    const struct fake_answers sound = { 0 };
    struct scene *scene = *state;
    struct world *world = scene->world;

    world_populate(world);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_remake_board(world);
        world_begin_term(world);
        world_wait(world, !world_status(world).is_stale);
        fake_redis_answer(scene->fake,
                          &rows[i]); /* to the next check, after which nothing is asked */
        world_wait(world, world_status(world).is_stale);
        fake_redis_answer(scene->fake, &sound);
        world_wait(world, !world_status(world).is_stale);
    }
}

static void test_where_a_human_must_act_first_there_is_no_storm(void **state)
{
    const struct fake_answers late = { .info = "-NOAUTH Authentication required.\r\n" };
    const struct fake_answers soon = { .info = "-LOADING Redis is loading\r\n" };
    struct scene *scene = *state;
    struct world *world = scene->world;
    struct fake_redis *other_fake = fake_redis_new(world->base);
    struct board *other = NULL;

    world->settings.refusal_wait.ms = 3600 * 1000;
    world_remake_board(world);
    fake_redis_answer(scene->fake, &late);
    fake_redis_answer(other_fake, &soon);
    world_begin_term(world);
    world_expect_failure(world, "NOAUTH");

    struct board *refused = world->board;
    world->settings.port = fake_redis_port(other_fake);
    assert_int_equal(board_new(world->base, &world->settings, &other), 0);
    world->board = other;
    world_begin_term(world);
    world_wait(world, fake_redis_connection_count(other_fake) >= 20);
    assert_int_equal(fake_redis_connection_count(scene->fake), 1);
    board_free(refused);
    fake_redis_free(other_fake);
}

static void test_a_refusal_is_known_by_how_it_begins(void **state)
{
    (void)state;
    static const struct {
        const char *reply, *code;
        enum refusal_pace pace;
    } rows[] = {
        { "READONLY You can't write against a read only replica.", "READONLY", REFUSAL_SOON },
        { "LOADING Redis is loading the dataset in memory", "LOADING", REFUSAL_SOON },
        { "OOM command not allowed when used memory > 'maxmemory'.", "OOM", REFUSAL_SOON },
        { "NOAUTH Authentication required.", "NOAUTH", REFUSAL_LATE },
        { "WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS",
          REFUSAL_LATE },
        { "NOPERM this user has no permissions", "NOPERM", REFUSAL_LATE },
        { "ERR max number of clients reached", "ERR max number of clients", REFUSAL_SOON },
        { "ERR DB index is out of range", "ERR DB index", REFUSAL_LATE },
        { "ERR Error running script (call to f_9): @user_script:3: -MISCONF Redis is configured",
          "MISCONF", REFUSAL_SOON },
        { "ERR Error running script without a place", "", REFUSAL_SOON },
        { "ERR something new", "", REFUSAL_SOON },
        { "", "", REFUSAL_SOON },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct refusal *refusal = refusal_find(rows[i].reply);
        assert_string_equal(refusal->code, rows[i].code);
        assert_int_equal(refusal->pace, rows[i].pace);
    }
}

static void test_a_refusal_is_shown_without_the_password_that_a_server_repeats(void **state)
{
    (void)state;
    static const struct {
        const char *reply, *shown;
    } rows[] = {
        { "ERR unknown command 'AUTH', with args beginning with: 'router' 's3cret' ",
          "ERR unknown command 'AUTH'" },
        { "ERR unknown command `AUTH`, with args beginning with: `s3cr",
          "ERR unknown command `AUTH`" },
        { "ERR s3cret is no password here", "" },
        { "NOPERM this user has no permissions to run the 'scan' command",
          "NOPERM this user has no permissions to run the 'scan' command" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char shown[REFUSAL_SHOWN_SIZE];
        refusal_show(rows[i].reply, "s3cret", shown);
        assert_string_equal(shown, rows[i].shown);
        refusal_show(rows[i].reply, NULL, shown);
        assert_memory_equal(rows[i].reply, shown, strlen(shown));
    }
}

static void test_info_tells_one_server_and_its_past_from_another(void **state)
{
    (void)state;
    struct info info = { 0 }, other = { 0 };
    assert_int_equal(info_parse("# Server\r\nrun_id:r1\r\nrole:master\r\nmaster_replid:p1\r\n"
                                "maxmemory_policy:volatile-lru\r\nevicted_keys:7\r\n",
                                &info),
                     0);
    assert_true(info.is_primary);
    assert_false(info.is_loading);
    assert_false(info.is_evicting); /* ours never expire */
    assert_int_equal(info.evicted_key_count, 7);
    assert_int_equal(info_parse("run_id:r1\nrole:slave\nmaster_replid:p2\n"
                                "maxmemory_policy:allkeys-lfu\nloading:1",
                                &other),
                     0);
    assert_false(other.is_primary);
    assert_true(other.is_loading);
    assert_true(other.is_evicting);
    assert_false(info_is_same_server(&info, &other));
    strcpy(other.master_replid, "p1");
    assert_true(info_is_same_server(&info, &other));
    assert_int_equal(info_parse("role:master\r\n", &info), -EINVAL);
    assert_int_equal(info_parse("run_id:1\r\n", &info), -EINVAL);
    assert_int_equal(info_parse("", &info), -EINVAL);
}

int main(void)
{
#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_every_refusal_is_waited_out),
        SCENE_TEST(test_every_hostile_answer_ends_the_connection_and_nothing_else),
        SCENE_TEST(test_an_answer_that_nobody_asked_for_ends_the_connection),
        SCENE_TEST(test_where_a_human_must_act_first_there_is_no_storm),
        cmocka_unit_test(test_a_refusal_is_known_by_how_it_begins),
        cmocka_unit_test(test_a_refusal_is_shown_without_the_password_that_a_server_repeats),
        cmocka_unit_test(test_info_tells_one_server_and_its_past_from_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

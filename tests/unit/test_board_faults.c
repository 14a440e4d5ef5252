/* A real Redis in every kind of trouble: the caller is never held up, the board says that it is
 * stale, and it is right again afterwards. */
#include "board_world.h"

#include "cmocka_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A board that is live and right. */
static int setup(void **state)
{
    struct world *world = world_new();

    *state = world;
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void change_and_commit(struct world *world, unsigned commits)
{
    for (; commits > 0; commits--) {
        world_change(world);
        world_commit(world);
    }
}

/* Another board on the same Redis, that neither looks after it nor tries again before the test does
 * something; live and right. */
static void world_remake_patient(struct world *world)
{
    world->settings.check_interval.ms = 3600 * 1000;
    world_remake_board(world);
    world->claim++;
    world_begin_term(world);
    world_expect_board(world);
}

/* --- gone, and back --- */

static void test_a_redis_that_comes_late_gets_the_whole_board(void **state)
{
    struct world *world = *state;
    redis_server_kill(&world->server);
    world_remake_board(world);
    world_begin_term(world);
    change_and_commit(world, 20);
    world_wait(world, world_status(world).last_error[0]);
    assert_true(world_status(world).is_stale);
    assert_false(world_status(world).is_connected);
    redis_server_start(&world->server);
    world_expect_board(world);
}

static void test_a_redis_killed_and_started_empty_gets_the_whole_board(void **state)
{
    struct world *world = *state;
    for (unsigned round = 0; round < 3; round++) {
        change_and_commit(world, 5);
        redis_server_kill(&world->server);
        change_and_commit(world, 5);
        world_wait(world, world_status(world).is_stale);
        redis_server_start(&world->server);
        change_and_commit(world, 5);
        world_expect_board(world);
    }
}

static void test_a_redis_that_comes_back_with_an_old_copy_gets_the_board_of_now(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "SAVE");
    change_and_commit(world, 30);
    world_expect_board(world);
    redis_server_kill(&world->server);
    redis_server_start(&world->server);
    world_expect_board(world);
}

static void test_what_was_flushed_is_built_anew_though_nothing_changes(void **state)
{
    static const char *const losses[] = { "FLUSHALL", "DEL aro:{main}:meta",
                                          "HSET aro:{main}:meta epoch 1-00000000" };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        redis_server_do(&world->server, losses[i]);
        world_expect_board(world);
    }
}

static void test_flushed_scripts_are_loaded_again(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "SCRIPT FLUSH");
    change_and_commit(world, 3);
    world_expect_failure(world, "NOSCRIPT");
    world_expect_board(world);
}

static void test_a_connection_that_was_cut_is_opened_again(void **state)
{
    struct world *world = *state;
    for (unsigned round = 0; round < 5; round++) {
        change_and_commit(world, 10);
        redis_server_do(&world->server, "CLIENT KILL TYPE normal");
        change_and_commit(world, 10);
        world_expect_board(world);
    }
    assert_true(world_status(world).connect_count > 5);
    assert_int_equal(world_status(world).server_change_count, 0);
}

static void test_another_replication_id_means_that_writes_may_be_lost(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "DEBUG CHANGE-REPL-ID");
    world_expect_failure(world, "failed over");
    world_expect_board(world);
    assert_int_equal(world_status(world).server_change_count, 1);
}

/* --- slow --- */

static void test_a_frozen_redis_holds_nobody_up(void **state)
{
    struct world *world = *state;
    world->settings.timeout.ms = 1000;
    world_remake_board(world);
    world->claim++;
    world_begin_term(world);
    world_expect_board(world);
    redis_server_freeze(&world->server);
    change_and_commit(world, 2000); /* would never come back from a call that waits for Redis */
    world_expect_failure(world, "no answer within 1000 ms");
    assert_true(world_status(world).is_stale);
    change_and_commit(world, 2000);
    redis_server_thaw(&world->server);
    world_expect_board(world);
}

static void test_a_backlog_over_its_bound_is_dropped_and_the_board_built_anew(void **state)
{
    struct world *world = *state;
    world->settings.backlog_rows_max = 5;
    world->settings.flight_bytes_max = 1;
    world_remake_patient(world);
    redis_server_freeze(&world->server);
    change_and_commit(world, 100);
    assert_true(world_status(world).dropped_backlog_count > 0);
    assert_true(world_status(world).is_stale);
    redis_server_thaw(&world->server);
    world_expect_board(world);
}

static void test_agents_that_come_and_go_while_redis_is_away_take_no_memory(void **state)
{
    struct world *world = *state;
    redis_server_kill(&world->server);
    world_wait(world, world_status(world).is_stale);
    for (unsigned i = 0; i < 5000; i++) {
        char name[32];
        snprintf(name, sizeof name, "passing-%u", i);
        const struct aro_agent_view view = { .id = name, .is_known = true, .all_queues = true };
        struct board_change *change = board_change_new();
        board_change_add_agent(change, name, &view);
        board_write(world->board, ++world->offset, change);
        change = board_change_new();
        board_change_add_agent(change, name, NULL);
        board_write(world->board, ++world->offset, change);
        assert_true(world_status(world).agent_count <= MODEL_AGENTS + 1);
    }
    redis_server_start(&world->server);
    world_expect_board(world);
}

static void test_agents_that_all_leave_while_redis_is_away_are_not_on_the_board(void **state)
{
    struct world *world = *state;
    redis_server_kill(&world->server);
    world_wait(world, world_status(world).is_stale);
    for (unsigned i = 0; i < MODEL_AGENTS; i++) {
        world->agents[i].is_known = false;
        world->agents[i].has_changed = true;
        world_commit(world);
    }
    redis_server_start(&world->server);
    world_expect_board(world);
}

static void test_a_script_that_never_ends_is_waited_out(void **state)
{
    struct world *world = *state;
    redisContext *other = redisConnectUnix(world->server.socket);
    int is_written = 0;
    redis_server_do(&world->server, "CONFIG SET busy-reply-threshold 1");
    redisAppendCommand(other, "EVAL %s 0", "while true do end");
    while (!is_written)
        assert_int_equal(redisBufferWrite(other, &is_written), REDIS_OK);
    world_expect_failure(world, "BUSY");
    redis_server_do(&world->server, "SCRIPT KILL");
    redisFree(other);
    world_expect_board(world);
}

/* --- refusing --- */

/* What makes a real Redis refuse, how it says so, and what ends it. */
static const struct {
    const char *trouble, *error, *remedy;
} refusals[] = {
    { "REPLICAOF 127.0.0.1 1", "READONLY", "REPLICAOF NO ONE" },
    { "CONFIG SET maxmemory 1", "OOM", "CONFIG SET maxmemory 0" },
    { "CONFIG SET min-replicas-to-write 1", "NOREPLICAS", "CONFIG SET min-replicas-to-write 0" },
};

static void test_a_redis_that_refuses_to_write_gets_the_board_when_it_no_longer_does(void **state)
{
    struct world *world = *state;
    world_remake_patient(world);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        redis_server_do(&world->server, refusals[i].trouble);
        change_and_commit(world, 3);
        world_expect_failure(world, refusals[i].error);
        assert_true(world_status(world).is_stale);
        change_and_commit(world, 3);
        redis_server_do(&world->server, refusals[i].remedy);
        world_expect_board(world);
    }
}

static void test_a_replica_is_noticed_though_nothing_is_written(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "REPLICAOF 127.0.0.1 1");
    world_wait(world, world_status(world).is_stale);
    redis_server_do(&world->server, "REPLICAOF NO ONE");
    world_expect_board(world);
}

static void test_a_replica_cut_off_from_its_primary_is_left_alone(void **state)
{
    struct world *world = *state;
    world_remake_patient(world);
    redis_server_do(&world->server, "CONFIG SET replica-serve-stale-data no");
    redis_server_do(&world->server, "REPLICAOF 127.0.0.1 1");
    change_and_commit(world, 3);
    world_expect_failure(world, "MASTERDOWN");
    redis_server_do(&world->server, "REPLICAOF NO ONE");
    world_expect_board(world);
}

static void test_a_redis_that_cannot_save_gets_the_board_when_it_can(void **state)
{
    struct world *world = *state;
    char blocked[128];
    world_remake_patient(world);
    snprintf(blocked, sizeof blocked, "%s/blocked", world->server.folder);
    assert_int_equal(mkdir(blocked, 0700), 0);
    redis_server_do(&world->server, "CONFIG SET dbfilename blocked");
    redis_server_do(&world->server, "CONFIG SET save %s", "3600 1");
    redis_server_do(&world->server, "BGSAVE");
    world_wait(world,
               (change_and_commit(world, 1), strstr(world_status(world).last_error, "MISCONF")));
    redis_server_do(&world->server, "CONFIG SET stop-writes-on-bgsave-error no");
    world_expect_board(world);
}

static void test_a_password_that_is_missing_or_wrong_is_named(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "CONFIG SET requirepass secret");
    redis_server_do(&world->server, "CLIENT KILL TYPE normal");
    world_expect_failure(world, "NOAUTH");
    world->settings.password = "wrong";
    world_remake_board(world);
    world_begin_term(world);
    world_expect_failure(world, "WRONGPASS");
    assert_null(strstr(world_status(world).last_error, "wrong\""));
    world->settings.password = "secret";
    world_remake_board(world);
    world_begin_term(world);
    world_expect_board(world);
}

static void test_a_right_that_is_missing_is_named_and_used_once_given(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "ACL SETUSER router on >secret ~aro:* +@all -evalsha");
    world->settings.username = "router";
    world->settings.password = "secret";
    world_remake_board(world);
    world_begin_term(world);
    world_expect_failure(world, "NOPERM");
    redis_server_do(&world->server, "ACL SETUSER router +evalsha");
    world_expect_board(world);
}

static void test_a_redis_without_room_for_connections_is_tried_again(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "CONFIG SET maxclients 1");
    redis_server_do(&world->server, "CLIENT KILL TYPE normal");
    uint64_t connects = world_status(world).connect_count;
    world_wait(world, world_status(world).connect_count > connects + 2);
    assert_true(world_status(world).is_stale);
    redis_server_do(&world->server, "CONFIG SET maxclients 100");
    world_expect_board(world);
}

static void test_a_key_of_another_type_is_told_of_and_healed(void **state)
{
    struct world *world = *state;
    char key[128];
    snprintf(key, sizeof key, "aro:{main}:%s:queue:general", world_status(world).epoch);
    redis_server_do(&world->server, "SET %s edited", key);
    world_wait(world,
               (change_and_commit(world, 1), strstr(world_status(world).last_error, "WRONGTYPE")));
    world_expect_board(world);
    redis_server_do(&world->server, "SET aro:{main}:meta edited");
    world_wait(world, world_status(world).is_stale);
    redis_server_do(&world->server, "DEL aro:{main}:meta");
    world_expect_board(world);
}

static uint64_t info_number(struct world *world, const char *name)
{
    redisReply *reply = redis_server_command(&world->server, "INFO");
    const char *line = reply && reply->str ? strstr(reply->str, name) : NULL;
    uint64_t number = line ? strtoull(line + strlen(name), NULL, 10) : 0;

    if (reply)
        freeReplyObject(reply);
    return number;
}

static void test_keys_that_were_evicted_are_noticed_and_written_again(void **state)
{
    struct world *world = *state;
    const struct board_status before = world_status(world);
    char filler[1000];

    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    redis_server_do(&world->server, "CONFIG SET maxmemory-policy allkeys-random");
    world_wait(world, world_status(world).is_evicting);
    assert_false(world_status(world).is_stale);
    redis_server_do(&world->server, "CONFIG SET maxmemory %llu",
                    (unsigned long long)info_number(world, "used_memory:") + 300000);
    for (unsigned i = 0; info_number(world, "evicted_keys:") == 0; i++)
        redis_server_do(&world->server, "SET filler-%u %s", i, filler);
    world_wait(world, world_status(world).rebuild_count > before.rebuild_count);
    assert_int_equal(world_status(world).connect_count, before.connect_count);

    redis_server_do(&world->server, "CONFIG SET maxmemory 0");
    redis_server_do(&world->server, "CONFIG SET maxmemory-policy noeviction");
    redis_server_do(&world->server, "FLUSHALL");
    world_expect_board(world);
    world_wait(world, !world_status(world).is_evicting);
}

/* --- all of it --- */

static void trouble(struct world *world)
{
    static const char *const commands[] = { "FLUSHALL", "SCRIPT FLUSH", "CLIENT KILL TYPE normal",
                                            "DEL aro:{main}:meta", "DEBUG CHANGE-REPL-ID" };
    enum { COMMANDS = sizeof commands / sizeof *commands };

    uint64_t kind = world_random(world, COMMANDS + 2);
    if (kind < COMMANDS) {
        redis_server_do(&world->server, commands[kind]);
    } else if (kind == COMMANDS) {
        redis_server_kill(&world->server);
        redis_server_start(&world->server);
    } else {
        world->claim++;
        world->offset++;
        world_begin_term(world);
    }
}

static void test_whatever_happens_in_whatever_order_the_board_is_right_at_the_end(void **state)
{
    struct world *world = *state;
    for (unsigned round = 0; round < 40; round++) {
        for (uint64_t steps = world_random(world, 12); steps > 0; steps--) {
            change_and_commit(world, (unsigned)world_random(world, 8));
            if (world_random(world, 4) == 0)
                trouble(world);
            for (uint64_t turns = world_random(world, 6); turns > 0; turns--)
                event_base_loop(world->base, EVLOOP_ONCE);
        }
        world_expect_board(world);
    }
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_a_redis_that_comes_late_gets_the_whole_board),
        WORLD_TEST(test_a_redis_killed_and_started_empty_gets_the_whole_board),
        WORLD_TEST(test_a_redis_that_comes_back_with_an_old_copy_gets_the_board_of_now),
        WORLD_TEST(test_what_was_flushed_is_built_anew_though_nothing_changes),
        WORLD_TEST(test_flushed_scripts_are_loaded_again),
        WORLD_TEST(test_a_connection_that_was_cut_is_opened_again),
        WORLD_TEST(test_another_replication_id_means_that_writes_may_be_lost),
        WORLD_TEST(test_a_frozen_redis_holds_nobody_up),
        WORLD_TEST(test_a_backlog_over_its_bound_is_dropped_and_the_board_built_anew),
        WORLD_TEST(test_agents_that_come_and_go_while_redis_is_away_take_no_memory),
        WORLD_TEST(test_agents_that_all_leave_while_redis_is_away_are_not_on_the_board),
        WORLD_TEST(test_a_script_that_never_ends_is_waited_out),
        WORLD_TEST(test_a_redis_that_refuses_to_write_gets_the_board_when_it_no_longer_does),
        WORLD_TEST(test_a_replica_is_noticed_though_nothing_is_written),
        WORLD_TEST(test_a_replica_cut_off_from_its_primary_is_left_alone),
        WORLD_TEST(test_a_redis_that_cannot_save_gets_the_board_when_it_can),
        WORLD_TEST(test_a_password_that_is_missing_or_wrong_is_named),
        WORLD_TEST(test_a_right_that_is_missing_is_named_and_used_once_given),
        WORLD_TEST(test_a_redis_without_room_for_connections_is_tried_again),
        WORLD_TEST(test_a_key_of_another_type_is_told_of_and_healed),
        WORLD_TEST(test_keys_that_were_evicted_are_noticed_and_written_again),
        WORLD_TEST(test_whatever_happens_in_whatever_order_the_board_is_right_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

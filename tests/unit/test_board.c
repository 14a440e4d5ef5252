#include "board_world.h"

#include "board/script.h"

#include "cmocka_headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    *state = world_new();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void test_the_board_of_an_empty_shard_is_its_meta_alone(void **state)
{
    struct world *world = *state;
    world_begin_term(world);
    world_expect_board(world);
}

static void test_every_agent_and_queue_of_a_new_term_is_on_the_board(void **state)
{
    struct world *world = *state;
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
}

static void test_the_board_follows_each_commit(void **state)
{
    struct world *world = *state;
    world_populate(world);
    world_begin_term(world);
    for (unsigned round = 0; round < 60; round++) {
        world_change(world);
        world_commit(world);
        world_expect_board(world);
    }
}

static void test_commits_that_come_faster_than_redis_are_all_on_the_board_at_the_end(void **state)
{
    struct world *world = *state;
    world_populate(world);
    world_begin_term(world);
    for (unsigned round = 0; round < 40; round++) {
        for (uint64_t commits = world_random(world, 60); commits > 0; commits--) {
            world_change(world);
            world_commit(world);
            if (world_random(world, 3) == 0)
                event_base_loop(world->base, EVLOOP_NONBLOCK);
        }
        world_expect_board(world);
    }
}

static void test_the_offset_moves_on_where_a_commit_changed_no_row(void **state)
{
    struct world *world = *state;
    world_begin_term(world);
    world_expect_board(world);
    world->offset += 7;
    board_write(world->board, world->offset, NULL);
    world_expect_board(world);
}

/* Every row of so many agents, who have @used in use. */
static struct board_change *crowd_new(unsigned count, unsigned used)
{
    struct board_change *change = board_change_new();
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "one-of-many-%u", i);
        const struct aro_agent_view view = {
            .id = name, .is_known = true, .capacity = 10, .used = used, .all_queues = true
        };
        board_change_add_agent(change, name, &view);
    }
    return change;
}

static void test_the_offset_moves_on_only_when_every_row_of_the_commit_is_there(void **state)
{
    enum { CROWD = 3000 };
    struct world *world = *state;
    unsigned early_looks = 0;
    world_begin_term(world);
    world_expect_board(world);
    for (unsigned used = 1; used <= 3; used++) {
        board_write(world->board, ++world->offset, crowd_new(CROWD, used));
        while (world_status(world).lag > 0) {
            world_turn(world, world_deadline(), "every row is there");
            int64_t offset = strtoll(world_ask(world, "HGET aro:{main}:meta offset"), NULL, 10);
            bool says_all = offset == world->offset;
            const char *row = world_ask(world, "HGET aro:{main}:%s:agent:one-of-many-%d used",
                                        world_status(world).epoch, CROWD - 1);
            early_looks += !says_all;
            if (says_all && strtoul(row, NULL, 10) != used)
                fail_msg("the offset is that of the commit, and the last row has '%s'", row);
        }
    }
    assert_true(early_looks > 0);
    assert_int_equal(world_status(world).agent_count, CROWD);
}

enum { CROWD_BUILT = 1200 };

struct crowd_member {
    bool is_gone;
    unsigned used, queue;
};

static void crowd_change(struct world *world, struct crowd_member *crowd)
{
    static const char *const queues[] = { "general", "vip" };
    struct board_change *change = board_change_new();

    for (unsigned i = 0; i < 40; i++) {
        uint64_t index = world_random(world, CROWD_BUILT);
        struct crowd_member *member = &crowd[index];
        char name[32];
        member->is_gone = world_random(world, 4) == 0;
        member->used = (unsigned)world_random(world, 10);
        member->queue = (unsigned)world_random(world, 2);
        snprintf(name, sizeof name, "member-%" PRIu64, index);
        const struct aro_agent_view view = { .id = name,
                                             .is_known = !member->is_gone,
                                             .capacity = 10,
                                             .used = member->used,
                                             .queue_count = 1,
                                             .queues = &queues[member->queue] };
        board_change_add_agent(change, name, &view);
    }
    board_write(world->board, ++world->offset, change);
}

static void expect_crowd(struct world *world, const struct crowd_member *crowd)
{
    const struct board_status status = world_status(world);
    size_t known = 0;

    for (unsigned i = 0; i < CROWD_BUILT; i++) {
        const struct crowd_member *member = &crowd[i];
        char used[16] = "", units[16] = "";
        known += !member->is_gone;
        if (!member->is_gone) {
            snprintf(used, sizeof used, "%u", member->used);
            snprintf(units, sizeof units, "%u", 10 - member->used);
        }
        assert_string_equal(
            world_ask(world, "HGET aro:{main}:%s:agent:member-%u used", status.epoch, i), used);
        assert_string_equal(
            world_ask(world, "ZSCORE aro:{main}:%s:free:general member-%u", status.epoch, i),
            member->queue == 0 ? units : "");
        assert_string_equal(
            world_ask(world, "ZSCORE aro:{main}:%s:free:vip member-%u", status.epoch, i),
            member->queue == 1 ? units : "");
    }
    assert_int_equal(status.agent_count, known);
}

static void test_what_changes_while_the_board_is_built_is_on_it(void **state)
{
    struct world *world = *state;
    struct crowd_member *crowd = calloc(CROWD_BUILT, sizeof *crowd);

    assert_non_null(crowd);
    for (unsigned i = 0; i < CROWD_BUILT; i++)
        crowd[i].is_gone = true;
    world_begin_term(world);
    for (unsigned i = 0; i < 200; i++)
        crowd_change(world, crowd);
    for (unsigned round = 0; round < 4; round++) {
        world_wait(world, !world_status(world).is_stale && world_status(world).lag == 0);
        expect_crowd(world, crowd);
        board_rebuild(world->board, "the test wants it");
        while (world_status(world).is_stale) {
            crowd_change(world, crowd);
            world_turn(world, world_deadline(), "built");
        }
    }
    free(crowd);
}

static void test_agents_that_all_leave_while_the_board_is_built_are_not_on_it(void **state)
{
    enum { CROWD = 500 };
    struct world *world = *state;
    world->settings.flight_bytes_max =
        1; /* one call at a time, so that the build takes some turns */
    world_remake_board(world);
    world_begin_term(world);
    board_write(world->board, ++world->offset, crowd_new(CROWD, 1));
    world_wait(world, !world_status(world).is_stale && world_status(world).lag == 0);
    uint64_t written = world_status(world).written_row_count;
    board_rebuild(world->board, "the test wants it");
    world_wait(world, world_status(world).written_row_count > written);
    assert_true(world_status(world).is_stale);
    for (unsigned i = 0; i < CROWD; i++) {
        struct board_change *change = board_change_new();
        char name[32];
        snprintf(name, sizeof name, "one-of-many-%u", i);
        board_change_add_agent(change, name, NULL);
        board_write(world->board, ++world->offset, change);
    }
    world_wait(world, world_key_count(world, "*one-of-many*") == 0);
    world_expect_board(world);
}

static void test_the_owner_is_seen_to_be_there_while_nothing_happens(void **state)
{
    struct world *world = *state;
    char before[64];
    world_begin_term(world);
    world_expect_board(world);
    snprintf(before, sizeof before, "%s", world_ask(world, "HGET aro:{main}:meta updated_at"));
    world_wait(world, strcmp(world_ask(world, "HGET aro:{main}:meta updated_at"), before) != 0);
}

static void test_a_rulebook_with_other_queues_has_other_sets_of_free_agents(void **state)
{
    static const char *const queues[] = { "fraud-latam", "general", "ip", "fraud-emea", "vip" };
    struct world *world = *state;
    world->queue_count = 2;
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
    for (unsigned count = MODEL_QUEUES; count > 0; count--) {
        world->queue_count = count;
        world->rulebook = count % 2 ? "2026-11-22.2" : "2026-11-22.3";
        board_set_rulebook(world->board, world->rulebook, count, queues);
        world_change(world);
        world_commit(world);
        world_expect_board(world);
    }
}

static void test_the_name_of_a_rulebook_with_the_same_queues_is_on_the_board(void **state)
{
    static const char *const queues[] = { "fraud-latam", "general", "ip", "fraud-emea", "vip" };
    struct world *world = *state;
    world->settings.check_interval.ms = 3600 * 1000; /* so that no check writes it */
    world_remake_board(world);
    world_begin_term(world);
    world_expect_board(world);
    uint64_t rebuilds = world_status(world).rebuild_count;
    world->rulebook = "2026-11-22.2";
    board_set_rulebook(world->board, world->rulebook, MODEL_QUEUES, queues);
    world_expect_board(world);
    assert_int_equal(world_status(world).rebuild_count, rebuilds);
}

/* --- owners --- */

static void test_an_owner_that_lost_the_shard_writes_nothing_more(void **state)
{
    struct world *world = *state;
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);

    struct board *former = world->board;
    world->claim = 200;
    world->offset = 200;
    world->owner = "router-b";
    assert_int_equal(board_new(world->base, &world->settings, &world->board), 0);
    world_begin_term(world);
    world_expect_board(world);

    struct board_change *late = board_change_new();
    const struct aro_agent_view view = { .id = "late", .is_known = true, .capacity = 5 };
    struct board_status status = { 0 };
    board_change_add_agent(late, "late", &view);
    board_write(former, 1000, late);
    world_wait(world, (board_describe(former, &status), status.is_stale));
    assert_non_null(strstr(status.last_error, "200 router-b"));
    world_expect_board(world);
    board_free(former);
}

static void test_the_new_owner_is_known_before_its_board_is_built(void **state)
{
    struct world *world = *state;
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
    world->claim = 300;
    world->owner = "router-c";
    world_begin_term(world);
    world_wait(world, strcmp(world_ask(world, "HGET aro:{main}:meta claim"), "300") == 0);
    world_expect_board(world);
}

static void test_a_stopped_board_leaves_what_it_wrote(void **state)
{
    struct world *world = *state;
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
    board_stop(world->board);
    board_write(world->board, world->offset + 1, board_change_new());
    assert_false(world_status(world).is_stale);
    assert_string_equal(world_ask(world, "HGET aro:{main}:meta claim"), "100");
    world->claim = 400;
    world->offset = 400;
    world_begin_term(world);
    world_expect_board(world);
}

static void test_the_last_commit_before_a_stop_is_on_the_board(void **state)
{
    struct world *world = *state;
    char offset[32];
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
    world_change(world);
    world_commit(world);
    board_stop(world->board);
    snprintf(offset, sizeof offset, "%" PRId64, world->offset);
    world_wait(world, strcmp(world_ask(world, "HGET aro:{main}:meta offset"), offset) == 0);
}

static void test_what_former_epochs_left_is_swept_and_nothing_else(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "HSET aro:{main}:7-deadbeef:agent:ana used 1");
    redis_server_do(&world->server, "ZADD aro:{main}:7-deadbeef:free:general 1 ana");
    redis_server_do(&world->server, "HSET aro:{main}:7-deadbeef:queue:general waiting 1");
    redis_server_do(&world->server, "SET aro:{main}:notes keep");
    redis_server_do(&world->server, "SET aro:{other}:7-deadbeef:agent:ana keep");
    for (unsigned i = 0; i < 1500; i++)
        redis_server_do(&world->server, "SET aro:{main}:6-deadbeef:agent:%u old", i);
    world_populate(world);
    world_begin_term(world);
    world_wait(world, !world_status(world).is_stale);
    world_wait(world, world_key_count(world, "*beef*") == 1);
    assert_string_equal(world_ask(world, "GET aro:{main}:notes"), "keep");
    redis_server_do(&world->server, "DEL aro:{main}:notes aro:{other}:7-deadbeef:agent:ana");
    world_expect_board(world);
}

/* --- the script by itself --- */

static const char *run_script(struct world *world, const char *arguments)
{
    static char sha1[48];
    redisReply *reply = redis_server_command(&world->server, "SCRIPT LOAD %s", board_lua);
    snprintf(sha1, sizeof sha1, "%s", reply->str);
    freeReplyObject(reply);
    return world_ask(world, "EVALSHA %s %s", sha1, arguments);
}

static void test_a_row_of_an_older_offset_is_not_applied(void **state)
{
    struct world *world = *state;
    assert_string_equal(run_script(world, "2 m b claim 5 e1 router-a rules -1 now 0"), "DONE");
    assert_string_equal(run_script(world, "3 m b q switch 5 e1 router-a rules 10 now 0 "
                                          "queue 10 3 0 x y"),
                        "DONE");
    assert_string_equal(run_script(world, "3 m b q write 5 e1 router-a rules 10 now 0 "
                                          "queue 10 4 0 x y"),
                        "DONE");
    assert_string_equal(world_ask(world, "HGET q waiting"), "3");
    assert_string_equal(run_script(world, "3 m b q write 5 e1 router-a rules 11 now 0 "
                                          "queue 9 4 0 x y"),
                        "DONE");
    assert_string_equal(world_ask(world, "HGET q waiting"), "3");
    assert_string_equal(run_script(world, "3 m b q write 5 e1 router-a rules 12 now 0 "
                                          "queue 11 4 0 x y"),
                        "DONE");
    assert_string_equal(world_ask(world, "HGET q waiting"), "4");
}

static void test_an_older_claim_or_another_epoch_is_refused(void **state)
{
    struct world *world = *state;
    run_script(world, "2 m b claim 5 e1 router-a rules -1 now 0");
    assert_string_equal(run_script(world, "2 m b claim 4 e0 router-z rules -1 now 0"),
                        "OLDER 5 router-a");
    assert_string_equal(run_script(world, "2 m b build 5 e0 router-a rules -1 now 0"), "GONE");
    assert_string_equal(run_script(world, "2 m b write 5 e1 router-a rules 1 now 0"), "GONE");
    assert_string_equal(run_script(world, "2 m b switch 5 e1 router-a rules 1 now 0"), "DONE");
    assert_string_equal(run_script(world, "2 m b build 5 e1 router-a rules -1 now 0"), "GONE");
    assert_string_equal(run_script(world, "2 m b write 4 e1 router-z rules 2 now 0"),
                        "OLDER 5 router-a");
    assert_string_equal(run_script(world, "2 m b write 5 e1 router-a rules 2 now 0"), "DONE");
    assert_string_equal(world_ask(world, "HGET m offset"), "2");
}

/* --- where and as whom --- */

static void test_a_board_is_reached_by_address_and_by_name(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost" };
    struct world *world = *state;
    redis_server_kill(&world->server);
    redis_server_use_tcp(&world->server);
    redis_server_start(&world->server);
    world_populate(world);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        world->settings.unix_path = NULL;
        world->settings.host = hosts[i];
        world->settings.port = world->server.port;
        world_remake_board(world);
        world_begin_term(world);
        world_expect_board(world);
    }
}

static void test_a_name_that_is_nobodys_is_a_failure_like_any_other(void **state)
{
    struct world *world = *state;
    world->settings.unix_path = NULL;
    world->settings.host = "nobody.invalid";
    world->settings.port = 6379;
    world->settings.timeout.ms = 200;
    world_remake_board(world);
    world_begin_term(world);
    world_wait(world, world_status(world).last_error[0]);
    assert_true(world_status(world).is_stale);
}

static void test_a_board_may_go_while_it_asks_for_a_name(void **state)
{
    struct world *world = *state;
    world->settings.unix_path = NULL;
    world->settings.host = "nobody.invalid";
    world->settings.port = 6379;
    for (unsigned round = 0; round < 5; round++) {
        world_remake_board(world);
        world_begin_term(world);
        if (round % 2)
            board_stop(world->board);
        for (unsigned turns = 0; turns < round; turns++)
            event_base_loop(world->base, EVLOOP_NONBLOCK);
    }
    world_remake_board(world);
    for (unsigned turns = 0; turns < 10; turns++)
        event_base_loop(world->base, EVLOOP_ONCE);
}

static void test_user_password_database_and_prefix_are_used(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "ACL SETUSER router on >secret ~team:* +@all");
    redis_server_do(&world->server, "ACL SETUSER default ~* +@all");
    world->settings.username = "router";
    world->settings.password = "secret";
    world->settings.database = 3;
    world->settings.prefix = "team";
    world_remake_board(world);
    world_begin_term(world);
    world_wait(world, !world_status(world).is_stale);
    assert_string_equal(world_ask(world, "HGET team:{main}:meta epoch"), "");
    redis_server_do(&world->server, "SELECT 3");
    assert_string_equal(world_ask(world, "HGET team:{main}:meta epoch"), world_status(world).epoch);
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_the_board_of_an_empty_shard_is_its_meta_alone),
        WORLD_TEST(test_every_agent_and_queue_of_a_new_term_is_on_the_board),
        WORLD_TEST(test_the_board_follows_each_commit),
        WORLD_TEST(test_commits_that_come_faster_than_redis_are_all_on_the_board_at_the_end),
        WORLD_TEST(test_the_offset_moves_on_where_a_commit_changed_no_row),
        WORLD_TEST(test_the_offset_moves_on_only_when_every_row_of_the_commit_is_there),
        WORLD_TEST(test_what_changes_while_the_board_is_built_is_on_it),
        WORLD_TEST(test_agents_that_all_leave_while_the_board_is_built_are_not_on_it),
        WORLD_TEST(test_the_owner_is_seen_to_be_there_while_nothing_happens),
        WORLD_TEST(test_a_rulebook_with_other_queues_has_other_sets_of_free_agents),
        WORLD_TEST(test_the_name_of_a_rulebook_with_the_same_queues_is_on_the_board),
        WORLD_TEST(test_an_owner_that_lost_the_shard_writes_nothing_more),
        WORLD_TEST(test_the_new_owner_is_known_before_its_board_is_built),
        WORLD_TEST(test_a_stopped_board_leaves_what_it_wrote),
        WORLD_TEST(test_the_last_commit_before_a_stop_is_on_the_board),
        WORLD_TEST(test_what_former_epochs_left_is_swept_and_nothing_else),
        WORLD_TEST(test_a_row_of_an_older_offset_is_not_applied),
        WORLD_TEST(test_an_older_claim_or_another_epoch_is_refused),
        WORLD_TEST(test_a_board_is_reached_by_address_and_by_name),
        WORLD_TEST(test_a_name_that_is_nobodys_is_a_failure_like_any_other),
        WORLD_TEST(test_a_board_may_go_while_it_asks_for_a_name),
        WORLD_TEST(test_user_password_database_and_prefix_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

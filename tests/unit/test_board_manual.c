/* docs/board.md is true: its users have the rights they need, and its examples find what they ask
 * for. */
#include "board_world.h"

#include "cmocka_headers.h"
#include "support/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prompt[] = "127.0.0.1:6379> ";
static const char epoch_in_manual[] = "1204-5f3a90c1";

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

/* Calls @use for each line of the manual that begins with @start, with what follows it. */
static unsigned each_line(const char *start, void (*use)(struct world *world, const char *rest),
                          struct world *world)
{
    FILE *manual = fopen(SOURCE_DIR "/docs/board.md", "re");
    char line[1024];
    unsigned count = 0;

    assert_non_null(manual);
    while (fgets(line, sizeof line, manual)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        use(world, line + strlen(start));
        count++;
    }
    fclose(manual);
    return count;
}

static void run(struct world *world, const char *line)
{
    redisReply *reply = redis_server_command_line(&world->server, line);

    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", line, reply->str);
    freeReplyObject(reply);
}

static void make_user(struct world *world, const char *rest)
{
    char line[1024];
    snprintf(line, sizeof line, "ACL SETUSER %s", rest);
    run(world, line);
}

static void expect_found(const redisReply *reply, const char *line)
{
    bool is_there = reply->type == REDIS_REPLY_INTEGER ? reply->integer > 0 : reply->str != NULL;

    if (reply->type == REDIS_REPLY_ERROR || !is_there)
        fail_msg("%s: %s", line, reply->str ? reply->str : "nothing");
}

/* The manual's epoch becomes the live one. */
static void run_example(struct world *world, const char *example)
{
    struct buffer line = { 0 };
    const char *epoch = strstr(example, epoch_in_manual);

    buffer_add(&line, example, epoch ? (size_t)(epoch - example) : strlen(example));
    if (epoch)
        buffer_add_format(&line, "%s%s", world_status(world).epoch,
                          epoch + strlen(epoch_in_manual));
    redisReply *reply = redis_server_command_line(&world->server, line.data);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ARRAY) {
        assert_true(reply->elements > 0);
        for (size_t i = 0; i < reply->elements; i++)
            expect_found(reply->element[i], line.data);
    } else {
        expect_found(reply, line.data);
    }
    freeReplyObject(reply);
    buffer_done(&line);
}

static void begin_as_the_manuals_user(struct world *world)
{
    assert_int_equal(each_line("ACL SETUSER ", make_user, world), 2);
    world->settings.username = "appeal-router";
    world->settings.password = "change-me";
    world_remake_board(world);
    world_populate(world);
    world_begin_term(world);
    world_expect_board(world);
}

static void test_the_daemons_user_can_do_all_that_the_board_does(void **state)
{
    struct world *world = *state;
    redis_server_do(&world->server, "HSET aro:{main}:7-deadbeef:agent:ana used 1"); /* to sweep */
    begin_as_the_manuals_user(world);
    for (unsigned i = 0; i < 50; i++) {
        world_change(world);
        world_commit(world);
        event_base_loop(world->base, EVLOOP_NONBLOCK);
    }
    world_expect_board(world);
    assert_int_equal(world_status(world).refusal_count, 0);
}

static void test_every_example_answers_a_reader(void **state)
{
    struct world *world = *state;
    begin_as_the_manuals_user(world);
    world->agents[1] = (struct model_agent){ .is_known = true,
                                             .has_changed = true,
                                             .capacity = 10,
                                             .used = 7,
                                             .queue_count = 1,
                                             .queues = { 1 } };
    world->queues[1].is_known = world->queues[1].has_changed = true;
    world_commit(world);
    world_expect_board(world);
    run(world, "AUTH board-reader change-me");
    assert_true(each_line(prompt, run_example, world) >= 5);
}

static void test_a_reader_cannot_write(void **state)
{
    struct world *world = *state;
    begin_as_the_manuals_user(world);
    run(world, "AUTH board-reader change-me");
    static const char *const lines[] = { "HSET aro:{main}:meta offset 1", "DEL aro:{main}:meta",
                                         "FLUSHALL", "HGET other field" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        redisReply *reply = redis_server_command_line(&world->server, lines[i]);
        assert_int_equal(reply->type, REDIS_REPLY_ERROR);
        assert_int_equal(strncmp(reply->str, "NOPERM", strlen("NOPERM")), 0);
        freeReplyObject(reply);
    }
}

/* The words "+command" of the daemon's line in the manual, one after the other. */
static void each_command(struct world *world, void (*use)(struct world *world, const char *command))
{
    FILE *manual = fopen(SOURCE_DIR "/docs/board.md", "re");
    char line[1024] = "";
    unsigned count = 0;

    assert_non_null(manual);
    while (strncmp(line, "ACL SETUSER appeal-router ", strlen("ACL SETUSER appeal-router ")) != 0)
        assert_non_null(fgets(line, sizeof line, manual));
    fclose(manual);
    for (char *rest = NULL, *word = strtok_r(line, " \n", &rest); word;
         word = strtok_r(NULL, " \n", &rest)) {
        if (*word != '+')
            continue;
        use(world, word + 1);
        count++;
    }
    assert_int_equal(count, 14);
}

static void allow(struct world *world, char sign, const char *command)
{
    char line[128];
    snprintf(line, sizeof line, "ACL SETUSER appeal-router %c%s", sign, command);
    run(world, line);
}

/* Asked on a connection of its own, since what it says first is what is forbidden as well. */
static void miss(struct world *world, const char *command)
{
    char named[64];
    if (strcmp(command, "select") == 0) /* of another database than the first only */
        return;
    snprintf(named, sizeof named, "'%s'", command);
    allow(world, '-', command);
    world_remake_board(world);
    redis_server_do(&world->server, "HSET aro:{main}:7-deadbeef:agent:ana used 1"); /* to sweep */
    world_begin_term(world);
    world_expect_failure(world, named);
    allow(world, '+', command);
    world_expect_board(world);
}

static void test_each_command_that_is_missing_is_named_and_made_good_when_it_is_there(void **state)
{
    struct world *world = *state;
    begin_as_the_manuals_user(world);
    each_command(world, miss);
}

static void test_a_missing_select_is_named_where_there_is_a_database_to_select(void **state)
{
    struct world *world = *state;
    world->settings.database = 3;
    assert_int_equal(each_line("ACL SETUSER ", make_user, world), 2);
    allow(world, '-', "select");
    world->settings.username = "appeal-router";
    world->settings.password = "change-me";
    world_remake_board(world);
    world_begin_term(world);
    world_expect_failure(world, "'select'");
}

static void test_keys_that_are_not_ours_to_write_are_named(void **state)
{
    struct world *world = *state;
    assert_int_equal(each_line("ACL SETUSER ", make_user, world), 2);
    run(world, "ACL SETUSER appeal-router resetkeys ~other:*");
    world->settings.username = "appeal-router";
    world->settings.password = "change-me";
    world_remake_board(world);
    world_begin_term(world);
    world_expect_failure(world, "NOPERM");
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_the_daemons_user_can_do_all_that_the_board_does),
        WORLD_TEST(test_every_example_answers_a_reader),
        WORLD_TEST(test_a_reader_cannot_write),
        WORLD_TEST(test_each_command_that_is_missing_is_named_and_made_good_when_it_is_there),
        WORLD_TEST(test_a_missing_select_is_named_where_there_is_a_database_to_select),
        WORLD_TEST(test_keys_that_are_not_ours_to_write_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

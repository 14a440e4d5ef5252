#include "cmocka_headers.h"

#include "control/client.h"
#include "control/control.h"
#include "support/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, CONNECTIONS_MAX = 3 };

/* A server whose handler answers `status` at once and keeps every other reply for the test. */
struct world {
    char folder[64], path[100];
    struct event_base *base;
    struct control *control;
    struct control_reply *kept;
    char kept_command[32];
    json_t *kept_args;
};

static void handle(const char *command, json_t *args, struct control_reply *reply, void *context)
{
    struct world *world = context;
    if (strcmp(command, "status") == 0) {
        control_reply_ok(reply, json_pack("{s:s}", "instance", "router-a"));
        return;
    }
    assert_null(world->kept);
    world->kept = reply;
    json_decref(world->kept_args);
    world->kept_args = json_incref(args);
    snprintf(world->kept_command, sizeof world->kept_command, "%s", command);
}

static struct control_settings settings_of(const struct world *world)
{
    return (struct control_settings){ .path = world->path,
                                      .group = getegid(),
                                      .connections_max = CONNECTIONS_MAX };
}

static void world_listen_by(struct world *world, const struct control_settings *settings)
{
    struct aro_error error = { 0 };
    int r = control_new(world->base, settings, handle, world, &world->control, &error);
    if (r < 0)
        fail_msg("%s", error.message);
}

static void world_listen(struct world *world)
{
    const struct control_settings settings = settings_of(world);
    world_listen_by(world, &settings);
}

/* What listening a second time, at @path, comes to. */
static int listen_at(struct world *world, const char *path, struct aro_error *reterr)
{
    struct control_settings settings = settings_of(world);
    struct control *second = NULL;
    settings.path = path;
    return control_new(world->base, &settings, handle, world, &second, reterr);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    signal(SIGPIPE, SIG_IGN);
    snprintf(world->folder, sizeof world->folder, "/tmp/test_control.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/control.sock", world->folder);
    world->base = event_base_new();
    assert_non_null(world->base);
    world_listen(world);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    control_free(world->control);
    event_base_free(world->base);
    json_decref(world->kept_args);
    unlink(world->path);
    rmdir(world->folder);
    free(world);
    return 0;
}

static int caller_new(const struct world *world)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(caller >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", world->path);
    assert_int_equal(connect(caller, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(caller, F_SETFL, O_NONBLOCK), 0);
    return caller;
}

static void caller_say(int caller, const char *text)
{
    assert_int_equal(send(caller, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void world_turn(struct world *world)
{
    const struct timeval step = { .tv_usec = 1000 };
    event_base_loopexit(world->base, &step);
    event_base_dispatch(world->base);
}

/* One line from the server, or "" where it hangs up. */
static void caller_hear(struct world *world, int caller, char *line, size_t size)
{
    size_t length = 0;
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (now_ms() < deadline && length + 1 < size) {
        ssize_t count = recv(caller, line + length, 1, 0);
        if (count == 0 || (count < 0 && errno == ECONNRESET))
            break;
        if (count < 0) {
            assert_int_equal(errno, EAGAIN);
            world_turn(world);
            continue;
        }
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
}

static void expect_line(struct world *world, int caller, const char *expected)
{
    char line[4096];
    caller_hear(world, caller, line, sizeof line);
    assert_string_equal(line, expected);
}

static void wait_for_kept(struct world *world)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (!world->kept && now_ms() < deadline)
        world_turn(world);
    assert_non_null(world->kept);
}

static struct control_reply *take_kept(struct world *world)
{
    wait_for_kept(world);
    return TAKE(world->kept);
}

static void test_a_request_is_answered_with_its_own_id(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    caller_say(caller, "{\"v\":1,\"id\":\"a-7\",\"command\":\"status\"}\n");
    expect_line(world, caller,
                "{\"v\":1,\"id\":\"a-7\",\"ok\":true,\"result\":{\"instance\":\"router-a\"}}");
    close(caller);
}

static void test_an_answer_may_come_later_and_later_requests_wait_for_it(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    char line[256];
    caller_say(caller,
               "{\"v\":1,\"id\":1,\"command\":\"explain\",\"args\":{\"appeal_id\":\"a-1\"}}\n"
               "{\"v\":1,\"id\":2,\"command\":\"status\"}\n");
    wait_for_kept(world);
    assert_string_equal(world->kept_command, "explain");
    assert_string_equal(json_string_value(json_object_get(world->kept_args, "appeal_id")), "a-1");
    control_reply_error(take_kept(world), CONTROL_ERROR_NOT_FOUND, "no appeal '%s'", "a-1");
    expect_line(world, caller,
                "{\"v\":1,\"id\":1,\"ok\":false,\"error\":{\"code\":\"not_found\",\"message\":"
                "\"no appeal 'a-1'\"}}");
    caller_hear(world, caller, line, sizeof line);
    assert_non_null(strstr(line, "\"id\":2,\"ok\":true"));
    close(caller);
}

static void test_an_error_may_carry_more(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    caller_say(caller, "{\"v\":1,\"id\":1,\"command\":\"queues\"}\n");
    control_reply_error_with(take_kept(world), CONTROL_ERROR_NOT_OWNER,
                             json_pack("{s:s}", "owner", "router-b"), "a standby");
    expect_line(world, caller,
                "{\"v\":1,\"id\":1,\"ok\":false,\"error\":{\"owner\":\"router-b\",\"code\":"
                "\"not_owner\",\"message\":\"a standby\"}}");
    close(caller);
}

static const struct {
    const char *request, *error;
} refusals[] = {
    { "nonsense", "\"code\":\"bad_request\",\"message\":\"expected one JSON object a line\"" },
    { "[1]", "\"code\":\"bad_request\",\"message\":\"expected one JSON object a line\"" },
    { "{\"id\":1,\"command\":\"status\"}", "\"message\":\"'v': expected 1\"" },
    { "{\"v\":2,\"id\":1,\"command\":\"status\"}", "\"message\":\"'v': expected 1\"" },
    { "{\"v\":1,\"id\":1}", "\"message\":\"'command': expected a text\"" },
    { "{\"v\":1,\"command\":\"status\",\"args\":3}", "\"message\":\"'args': expected an object\"" },
    { "{\"v\":1,\"command\":\"shout\"}", "\"code\":\"unknown_command\"" },
    { "{\"v\":1,\"command\":\"explain\"}", "\"message\":\"'explain' needs 'appeal_id'\"" },
    { "{\"v\":1,\"command\":\"explain\",\"args\":{\"appeal_id\":3}}",
      "\"message\":\"'appeal_id' of 'explain': expected a text\"" },
    { "{\"v\":1,\"command\":\"start-shard\",\"args\":{\"shard\":\"main\",\"new_ledger\":\"yes\"}}",
      "\"message\":\"'new_ledger' of 'start-shard': expected true or false\"" },
    { "{\"v\":1,\"command\":\"status\",\"args\":{\"colour\":\"red\"}}",
      "\"message\":\"'status' takes no 'colour'\"" },
};

static void test_a_wrong_request_is_refused_and_the_connection_stays(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    char line[512];
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        caller_say(caller, refusals[i].request);
        caller_say(caller, "\n");
        caller_hear(world, caller, line, sizeof line);
        if (!strstr(line, "\"ok\":false") || !strstr(line, refusals[i].error))
            fail_msg("%s was answered with %s", refusals[i].request, line);
    }
    close(caller);
}

static void test_a_line_that_never_ends_is_cut_off(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    char chunk[4096], line[256];
    memset(chunk, 'x', sizeof chunk);
    for (size_t sent = 0; sent <= CONTROL_REQUEST_LENGTH_MAX;) {
        ssize_t count = send(caller, chunk, sizeof chunk, MSG_NOSIGNAL);
        if (count > 0)
            sent += (size_t)count;
        else
            world_turn(world);
    }
    caller_hear(world, caller, line, sizeof line);
    assert_non_null(strstr(line, "the line is too long"));
    expect_line(world, caller, "");
    close(caller);
}

static void test_one_caller_too_many_is_told_to_come_back(void **state)
{
    struct world *world = *state;
    int callers[CONNECTIONS_MAX], late;
    char line[256];
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        callers[i] = caller_new(world);
    late = caller_new(world);
    caller_hear(world, late, line, sizeof line);
    assert_non_null(strstr(line, "\"code\":\"busy\""));
    expect_line(world, late, "");
    close(late);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        close(callers[i]);
}

static void test_who_ends_his_input_still_gets_his_answer(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    caller_say(caller, "{\"v\":1,\"id\":1,\"command\":\"reload\"}\n");
    shutdown(caller, SHUT_WR);
    control_reply_ok(take_kept(world), json_true());
    expect_line(world, caller, "{\"v\":1,\"id\":1,\"ok\":true,\"result\":true}");
    expect_line(world, caller, "");
    close(caller);
}

static void test_an_answer_to_one_who_hung_up_is_dropped(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    caller_say(caller, "{\"v\":1,\"id\":1,\"command\":\"reload\"}\n");
    wait_for_kept(world);
    close(caller);
    world_turn(world);
    control_reply_ok(take_kept(world), json_true());
    world_turn(world);
}

static void test_an_answer_after_the_server_has_gone_is_dropped(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    caller_say(caller, "{\"v\":1,\"id\":1,\"command\":\"reload\"}\n");
    wait_for_kept(world);
    control_free(TAKE(world->control));
    control_reply_ok(take_kept(world), json_true());
    assert_int_equal(access(world->path, F_OK), -1);
    close(caller);
}

static void test_an_answer_given_just_before_the_end_still_arrives(void **state)
{
    struct world *world = *state;
    int caller = caller_new(world);
    caller_say(caller, "{\"v\":1,\"id\":1,\"command\":\"drain\"}\n");
    control_reply_ok(take_kept(world), json_true());
    control_free(TAKE(world->control));
    expect_line(world, caller, "{\"v\":1,\"id\":1,\"ok\":true,\"result\":true}");
    close(caller);
}

static void test_the_socket_is_for_owner_and_group(void **state)
{
    struct world *world = *state;
    struct stat status;
    assert_int_equal(stat(world->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
}

static void test_a_socket_that_a_crash_left_is_replaced(void **state)
{
    struct world *world = *state;
    control_free(TAKE(world->control));
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int left = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", world->path);
    assert_int_equal(bind(left, (struct sockaddr *)&address, sizeof address), 0);
    close(left);
    world_listen(world);
}

static void test_a_socket_that_somebody_answers_is_not_taken(void **state)
{
    struct world *world = *state;
    struct aro_error error;
    assert_int_equal(listen_at(world, world->path, &error), -EADDRINUSE);
    assert_non_null(strstr(error.message, "another process answers"));
}

static void test_a_file_in_the_place_of_the_socket_is_left_alone(void **state)
{
    struct world *world = *state;
    struct aro_error error;
    control_free(TAKE(world->control));
    int file = open(world->path, O_CREAT | O_WRONLY, 0600);
    close(file);
    assert_int_equal(listen_at(world, world->path, &error), -EEXIST);
    assert_int_equal(access(world->path, F_OK), 0);
}

static void test_a_folder_that_everyone_may_write_is_refused(void **state)
{
    struct world *world = *state;
    struct aro_error error;
    control_free(TAKE(world->control));
    assert_int_equal(chmod(world->folder, 0777), 0);
    assert_int_equal(listen_at(world, world->path, &error), -EPERM);
}

static void test_a_path_that_no_socket_can_have_is_refused(void **state)
{
    struct world *world = *state;
    struct aro_error error;
    char path[200];
    snprintf(path, sizeof path, "/tmp/%0150d", 0);
    assert_int_equal(listen_at(world, path, &error), -ENAMETOOLONG);
}

static void test_the_client_asks_and_gets_the_answer(void **state)
{
    struct world *world = *state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        json_t *answer = NULL;
        int r = client_call(world->path, "status", NULL, (struct aro_span){ PATIENCE_MS }, &answer,
                            NULL);
        const char *instance =
            json_string_value(json_object_get(json_object_get(answer, "result"), "instance"));
        _exit(r == 0 && instance && strcmp(instance, "router-a") == 0 ? 0 : 1);
    }
    while (waitpid(child, &status, WNOHANG) == 0)
        world_turn(world);
    assert_int_equal(status, 0);
}

static void test_the_client_gives_up_when_no_answer_comes(void **state)
{
    struct world *world = *state;
    json_t *answer = NULL;
    struct aro_error error;
    assert_int_equal(
        client_call(world->path, "status", NULL, (struct aro_span){ 10 }, &answer, &error),
        -ETIMEDOUT);
    assert_non_null(strstr(error.message, "no answer"));
}

static void test_the_client_says_when_nobody_listens(void **state)
{
    struct world *world = *state;
    json_t *answer = NULL;
    struct aro_error error;
    control_free(TAKE(world->control));
    assert_int_equal(
        client_call(world->path, "status", NULL, (struct aro_span){ 10 }, &answer, &error),
        -ENOENT);
    assert_non_null(strstr(error.message, world->path));
}

/* ---- who may do what: these need root, to be somebody else for a while ---- */

enum { STRANGER = 65534, STEERING_GROUP = 4242 };

static const struct caller {
    uid_t user;
    gid_t group, further_group; /* 0: none */
    bool may_change;
} callers[] = {
    { .user = STRANGER, .group = STRANGER, .may_change = false },
    { .user = STRANGER, .group = STRANGER, .further_group = STRANGER - 1, .may_change = false },
    { .user = STRANGER, .group = STEERING_GROUP, .may_change = true },
    { .user = STRANGER, .group = STRANGER, .further_group = STEERING_GROUP, .may_change = true },
    { .user = 0, .group = STRANGER, .may_change = true },
};

struct question {
    const char *command, *args;
};

static const struct question changes[] = {
    { "reload", "{}" },
    { "drain", "{}" },
    { "log-level", "{\"level\":\"debug\"}" },
    { "reroute", "{}" },
    { "pause", "{\"market\":\"BR\"}" },
    { "resume", "{\"market\":\"BR\"}" },
    { "start-shard", "{\"shard\":\"main\"}" },
    { "accept-partitions", "{\"shard\":\"main\"}" },
};

static const struct question looks[] = {
    { "status", "{}" },
    { "queues", "{}" },
    { "bundle", "{}" },
    { "explain", "{\"appeal_id\":\"a-1\"}" },
    { "agent", "{\"agent_id\":\"ana\"}" },
};

/* In a process of @caller's: asks, and gives the answer's text; empty where there was none. */
static void call_as(struct world *world, const struct caller *caller,
                    const struct question *question, char *ret, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        json_t *answer = NULL;
        struct aro_error error;
        if (setgroups(caller->further_group ? 1 : 0, &caller->further_group) < 0 ||
            setgid(caller->group) < 0 || setuid(caller->user) < 0)
            _exit(1);
        int r = client_call(world->path, question->command, json_loads(question->args, 0, NULL),
                            (struct aro_span){ PATIENCE_MS }, &answer, &error);
        char *text = r < 0 ? error.message : json_dumps(answer, JSON_COMPACT);
        _exit(write(ends[1], text, strlen(text)) < 0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        world_turn(world);
        if (world->kept)
            control_reply_ok(TAKE(world->kept), json_true());
    }
    assert_int_equal(status, 0);
    ssize_t length = read(ends[0], ret, size - 1);
    ret[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    close(ends[1]);
}

static void world_open_to_all(struct world *world)
{
    struct control_settings settings = settings_of(world);
    control_free(TAKE(world->control));
    assert_int_equal(chmod(world->folder, 0755), 0);
    settings.group = STEERING_GROUP;
    settings.is_open = true;
    world_listen_by(world, &settings);
}

static void test_only_root_the_daemons_user_and_the_sockets_group_change_something(void **state)
{
    struct world *world = *state;
    char answer[1024];
    if (geteuid() != 0)
        skip();
    world_open_to_all(world);
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
            call_as(world, &callers[i], &changes[k], answer, sizeof answer);
            const char *expected = callers[i].may_change ? "\"ok\":true" : "\"forbidden\"";
            if (!strstr(answer, expected))
                fail_msg("caller %zu, %s: %s", i, changes[k].command, answer);
        }
    }
}

static void test_the_refusal_says_who_may_and_who_asked(void **state)
{
    struct world *world = *state;
    char answer[1024];
    if (geteuid() != 0)
        skip();
    world_open_to_all(world);
    call_as(world, &callers[0], &(const struct question){ "drain", "{}" }, answer, sizeof answer);
    assert_non_null(strstr(answer, "'drain' is for root, the daemon's own user (uid 0) and members "
                                   "of the socket's group (gid 4242); you are uid 65534, and may "
                                   "only ask"));
}

static void test_whoever_can_connect_may_ask(void **state)
{
    struct world *world = *state;
    char answer[1024];
    if (geteuid() != 0)
        skip();
    world_open_to_all(world);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        call_as(world, &callers[0], &looks[i], answer, sizeof answer);
        if (!strstr(answer, "\"ok\":true"))
            fail_msg("%s: %s", looks[i].command, answer);
    }
}

static void test_a_stranger_cannot_connect_unless_the_socket_is_open_to_all(void **state)
{
    struct world *world = *state;
    char answer[1024];
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(world->folder, 0755), 0);
    call_as(world, &callers[0], &looks[0], answer, sizeof answer);
    assert_non_null(strstr(answer, "Permission denied"));
}

static void test_an_open_socket_is_for_all_and_belongs_to_its_group(void **state)
{
    struct world *world = *state;
    struct stat status;
    if (geteuid() != 0)
        skip();
    world_open_to_all(world);
    assert_int_equal(stat(world->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0666);
    assert_int_equal(status.st_gid, STEERING_GROUP);
}

#define WITH_WORLD(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_request_is_answered_with_its_own_id),
        WITH_WORLD(test_an_answer_may_come_later_and_later_requests_wait_for_it),
        WITH_WORLD(test_an_error_may_carry_more),
        WITH_WORLD(test_a_wrong_request_is_refused_and_the_connection_stays),
        WITH_WORLD(test_a_line_that_never_ends_is_cut_off),
        WITH_WORLD(test_one_caller_too_many_is_told_to_come_back),
        WITH_WORLD(test_who_ends_his_input_still_gets_his_answer),
        WITH_WORLD(test_an_answer_to_one_who_hung_up_is_dropped),
        WITH_WORLD(test_an_answer_after_the_server_has_gone_is_dropped),
        WITH_WORLD(test_an_answer_given_just_before_the_end_still_arrives),
        WITH_WORLD(test_the_socket_is_for_owner_and_group),
        WITH_WORLD(test_a_socket_that_a_crash_left_is_replaced),
        WITH_WORLD(test_a_socket_that_somebody_answers_is_not_taken),
        WITH_WORLD(test_a_file_in_the_place_of_the_socket_is_left_alone),
        WITH_WORLD(test_a_folder_that_everyone_may_write_is_refused),
        WITH_WORLD(test_a_path_that_no_socket_can_have_is_refused),
        WITH_WORLD(test_the_client_asks_and_gets_the_answer),
        WITH_WORLD(test_the_client_gives_up_when_no_answer_comes),
        WITH_WORLD(test_the_client_says_when_nobody_listens),
        WITH_WORLD(test_only_root_the_daemons_user_and_the_sockets_group_change_something),
        WITH_WORLD(test_the_refusal_says_who_may_and_who_asked),
        WITH_WORLD(test_whoever_can_connect_may_ask),
        WITH_WORLD(test_a_stranger_cannot_connect_unless_the_socket_is_open_to_all),
        WITH_WORLD(test_an_open_socket_is_for_all_and_belongs_to_its_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

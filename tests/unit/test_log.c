#include "cmocka_headers.h"

#include "log/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char heard[1 << 18];

/* Runs @speak in a process of its own, whose stderr is a pipe that is read to its end. */
static void hear(void (*speak)(void))
{
    int ends[2], status;
    size_t length = 0;
    ssize_t count;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        speak();
        _exit(0);
    }
    close(ends[1]);
    while ((count = read(ends[0], heard + length, sizeof heard - 1 - length)) > 0)
        length += (size_t)count;
    heard[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void speak_of_an_appeal(void)
{
    LOG(read_failed, ABOUT(.shard = "main", .appeal = "a-91"), "queued in '%s'", "fraud-pt");
}

static void test_the_subject_comes_before_the_sentence(void **state)
{
    (void)state;
    hear(speak_of_an_appeal);
    assert_string_equal(heard,
                        "warning: shard=main appeal=a-91: queued in 'fraud-pt' [read-failed]\n");
}

static void speak_of_nobody(void)
{
    LOG(start_failed, NULL, "no %s", "memory");
}

static void test_a_line_about_the_daemon_itself_has_no_subject(void **state)
{
    (void)state;
    hear(speak_of_nobody);
    assert_string_equal(heard, "error: no memory [start-failed]\n");
}

static void speak_on_every_level(void)
{
    LOG(kafka_library_detail, NULL, "one");
    LOG(reloaded, NULL, "two");
    log_set_level(LOG_LEVEL_WARNING);
    LOG(reloaded, NULL, "three");
    LOG(read_failed, NULL, "four");
    log_set_level(LOG_LEVEL_DEBUG);
    LOG(kafka_library_detail, NULL, "five");
}

static void test_levels_above_the_set_one_are_silent(void **state)
{
    (void)state;
    hear(speak_on_every_level);
    assert_string_equal(
        heard,
        "info: two [reloaded]\nwarning: four [read-failed]\ndebug: five [kafka-library-detail]\n");
}

/* From here on stderr is what systemd says that the journal reads. */
static void give_stderr_to_the_journal(void)
{
    struct stat status;
    char stream[64];
    fstat(STDERR_FILENO, &status);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
}

static void speak_to_a_journal_without_a_socket(void)
{
    give_stderr_to_the_journal();
    log_set_format(LOG_FORMAT_AUTO, "/nowhere/socket");
    LOG(start_failed, NULL, "a");
    LOG(reloaded, NULL, "b");
}

static void test_a_journal_without_a_socket_is_told_the_priority_on_stderr(void **state)
{
    (void)state;
    hear(speak_to_a_journal_without_a_socket);
    assert_string_equal(heard, "<3>a [start-failed]\n<6>b [reloaded]\n");
}

static void speak_to_another_stream(void)
{
    setenv("JOURNAL_STREAM", "1:2", 1);
    LOG(reloaded, NULL, "b");
}

static void test_a_stderr_that_is_not_the_journal_gets_words(void **state)
{
    (void)state;
    hear(speak_to_another_stream);
    assert_string_equal(heard, "info: b [reloaded]\n");
}

static void speak_of_line_ends(void)
{
    LOG(reloaded, ABOUT(.agent = "x\ninfo: forged"), "\x1b[31mred\r\n");
}

static void test_what_comes_from_outside_cannot_make_a_second_line(void **state)
{
    (void)state;
    hear(speak_of_line_ends);
    assert_string_equal(heard, "info: agent=x?info: forged: ?[31mred?? [reloaded]\n");
}

static void speak_again_and_again(void)
{
    for (int i = 0; i < 1000; i++)
        LOG(read_failed, ABOUT(.peer = "redis"), "is %s", i < 999 ? "down" : "up");
    fprintf(stderr, "suppressed %d\n", (int)log_suppressed_count());
}

static void test_a_repeated_line_is_written_once_and_counted(void **state)
{
    (void)state;
    hear(speak_again_and_again);
    assert_string_equal(
        heard, "warning: peer=redis: is down [read-failed]\n"
               "warning: peer=redis: is up (998 repeats before it were left out) [read-failed]\n"
               "suppressed 998\n");
}

static void speak_of_a_thousand_records(void)
{
    for (int i = 0; i < 1000; i++)
        LOG(read_failed, NULL, "record %d", i);
}

static void test_one_site_cannot_flood_the_log(void **state)
{
    size_t line_count = 0;
    (void)state;
    hear(speak_of_a_thousand_records);
    for (const char *byte = heard; *byte; byte++)
        line_count += *byte == '\n';
    assert_int_equal(line_count, 100);
}

static void speak_very_long(void)
{
    char text[10000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    LOG(reloaded, NULL, "%s", text);
}

static void test_a_line_too_long_is_cut(void **state)
{
    (void)state;
    hear(speak_very_long);
    assert_true(strlen(heard) <= 4096);
    assert_int_equal(heard[strlen(heard) - 1], '\n');
}

static void *speak_in_a_thread(void *word)
{
    for (int i = 0; i < 1000; i++)
        LOG(kafka_library_detail, ABOUT(.peer = word), "%s %s %s", (char *)word, (char *)word,
            (char *)word);
    return NULL;
}

static void speak_in_threads(void)
{
    static char words[][8] = { "alpha", "beta" };
    pthread_t threads[2];
    log_set_level(LOG_LEVEL_DEBUG);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, speak_in_a_thread, words[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

static void test_lines_of_two_threads_do_not_mix(void **state)
{
    (void)state;
    hear(speak_in_threads);
    for (char *line = strtok(heard, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strcmp(line, "debug: peer=alpha: alpha alpha alpha [kafka-library-detail]") ==
                        0 ||
                    strcmp(line, "debug: peer=beta: beta beta beta [kafka-library-detail]") == 0);
}

/* Nobody reads the pipe while this speaks: it must come to its end all the same. */
static void test_a_stderr_that_takes_no_more_holds_nobody_up(void **state)
{
    int ends[2], status;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        log_set_level(LOG_LEVEL_DEBUG);
        for (int i = 0; i < 10000; i++)
            LOG(kafka_library_detail, NULL, "line %d of many", i);
        _exit(log_dropped_count() > 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_a_reader_that_has_gone_ends_nothing(void **state)
{
    int ends[2], status;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGPIPE, SIG_IGN);
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        LOG(reloaded, NULL, "to nobody");
        _exit(log_dropped_count() == 1 ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- the forms ---- */

static void speak_json(void)
{
    log_set_format(LOG_FORMAT_JSON, "");
    for (int i = 0; i < 3; i++)
        LOG(read_failed, ABOUT(.appeal = "a-91"), "is \"%s\"", i < 2 ? "down" : "up");
}

static void test_json_is_an_object_a_line_and_counts_repeats(void **state)
{
    (void)state;
    hear(speak_json);
    assert_memory_equal(heard, "{\"time\":\"20", 11);
    assert_non_null(strstr(heard, "Z\",\"level\":\"warning\",\"code\":\"read-failed\",\"appeal\":"
                                  "\"a-91\",\"message\":\"is \\\"down\\\"\"}\n{\"time\""));
    assert_non_null(strstr(heard, "\"repeats_left_out\":1,\"message\":\"is \\\"up\\\"\"}\n"));
}

static void speak_very_long_json(void)
{
    log_set_format(LOG_FORMAT_JSON, "");
    speak_very_long();
}

static void test_a_json_line_too_long_is_cut_and_closed(void **state)
{
    (void)state;
    hear(speak_very_long_json);
    assert_true(strlen(heard) <= 4096);
    assert_string_equal(heard + strlen(heard) - 4, "x\"}\n");
}

static void speak_last_words(void)
{
    log_last_words(MESSAGE_end_forced, "gave up");
}

static void test_last_words_are_a_line_like_any_other(void **state)
{
    (void)state;
    hear(speak_last_words);
    assert_string_equal(heard, "error: gave up [end-forced]\n");
}

/* A socket where the journal's would be, in a folder of its own. */
static struct {
    char folder[32];
    struct sockaddr_un address;
    int descriptor;
} journal;

static int open_journal(void **state)
{
    (void)state;
    strcpy(journal.folder, "/tmp/aro-log-XXXXXX");
    assert_non_null(mkdtemp(journal.folder));
    journal.address.sun_family = AF_UNIX;
    snprintf(journal.address.sun_path, sizeof journal.address.sun_path, "%s/socket",
             journal.folder);
    journal.descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
    return bind(journal.descriptor, (const struct sockaddr *)&journal.address,
                sizeof journal.address);
}

static int close_journal(void **state)
{
    (void)state;
    close(journal.descriptor);
    unlink(journal.address.sun_path);
    return rmdir(journal.folder);
}

static const char *next_entry(void)
{
    static char entry[8192];
    ssize_t length = recv(journal.descriptor, entry, sizeof entry - 1, MSG_DONTWAIT);
    entry[length < 0 ? 0 : length] = '\0';
    return entry;
}

static void speak_where_stderr_is_the_journal(void)
{
    give_stderr_to_the_journal();
    log_set_format(LOG_FORMAT_AUTO, journal.address.sun_path);
    for (int i = 0; i < 3; i++)
        LOG(read_failed, ABOUT(.shard = "main"), "is %s", i < 2 ? "down" : "up");
}

static void test_where_stderr_is_the_journal_entries_go_to_its_socket(void **state)
{
    (void)state;
    hear(speak_where_stderr_is_the_journal);
    assert_string_equal(heard, "");
    const char *entry = next_entry();
    assert_memory_equal(entry, "MESSAGE=shard=main: is down\nMESSAGE_ID=", 39);
    assert_non_null(strstr(entry, "\nPRIORITY=4\n"));
    assert_non_null(strstr(entry, "\nSHARD=main\n"));
    assert_null(strstr(entry, "REPEATS_LEFT_OUT"));
    assert_non_null(strstr(next_entry(), "\nREPEATS_LEFT_OUT=1\n"));
    assert_string_equal(next_entry(), "");
}

static void speak_last_words_to_the_journal(void)
{
    log_set_format(LOG_FORMAT_JOURNALD, journal.address.sun_path);
    log_last_words(MESSAGE_end_forced, "gave up");
    log_set_format(LOG_FORMAT_JOURNALD, "/nonexistent");
    log_last_words(MESSAGE_end_forced, "gave up here");
}

static void test_last_words_are_an_entry_of_the_journal_like_any_other(void **state)
{
    (void)state;
    hear(speak_last_words_to_the_journal);
    assert_string_equal(heard, "error: gave up here [end-forced]\n");
    assert_string_equal(next_entry(),
                        "MESSAGE=gave up\nMESSAGE_ID=89f7834606a64a3e8fa9a7504cd36062\n"
                        "CODE=end-forced\nPRIORITY=3\nSYSLOG_FACILITY=3\n"
                        "SYSLOG_IDENTIFIER=appeal-routerd\n");
}

static void speak_text_where_stderr_is_the_journal(void)
{
    give_stderr_to_the_journal();
    log_set_format(LOG_FORMAT_TEXT, journal.address.sun_path);
    LOG(reloaded, NULL, "b");
}

static void test_text_goes_to_stderr_even_where_that_is_the_journal(void **state)
{
    (void)state;
    hear(speak_text_where_stderr_is_the_journal);
    assert_string_equal(heard, "<6>b [reloaded]\n");
    assert_string_equal(next_entry(), "");
}

static void speak_to_a_journal_that_stderr_is_not(void)
{
    log_set_format(LOG_FORMAT_JOURNALD, journal.address.sun_path);
    LOG(reloaded, NULL, "b");
    log_set_format(LOG_FORMAT_JOURNALD,
                   "/a/path/that/is/longer/than/that/of/any/socket/can/be/so/that/it/names/none/of/"
                   "them/and/the/lines/go/to/stderr");
    LOG(reloaded, NULL, "c");
}

static void test_the_journal_can_be_chosen_and_without_it_lines_go_to_stderr(void **state)
{
    (void)state;
    hear(speak_to_a_journal_that_stderr_is_not);
    assert_string_equal(heard, "info: c [reloaded]\n");
    assert_memory_equal(next_entry(), "MESSAGE=b\n", 10);
}

/* Nobody reads the socket while this speaks: it must come to its end all the same. */
static void speak_to_a_journal_that_takes_no_more(void)
{
    log_set_format(LOG_FORMAT_JOURNALD, journal.address.sun_path);
    log_set_level(LOG_LEVEL_DEBUG);
    for (int i = 0; i < 10000; i++)
        LOG(kafka_library_detail, NULL, "line %d of many", i);
    if (log_dropped_count() == 0)
        LOG_MESSAGE(MESSAGE_start_failed, NULL, "nothing was dropped");
}

static void test_a_journal_that_takes_no_more_holds_nobody_up(void **state)
{
    (void)state;
    hear(speak_to_a_journal_that_takes_no_more);
    assert_string_equal(heard, "");
    size_t count = 0;
    for (const char *entry = next_entry(); *entry; entry = next_entry(), count++)
        assert_null(strstr(entry, "nothing was dropped"));
    assert_in_range(count, 1, 9999);
}

static void keep_line(const char *line, void *context)
{
    snprintf(context, 400, "%s", line);
}

static void test_the_last_lines_are_kept_with_their_times_in_every_form(void **state)
{
    char last[400] = "";
    (void)state;
    log_set_format(LOG_FORMAT_JOURNALD, journal.address.sun_path);
    LOG(reloaded, ABOUT(.shard = "main"), "b");
    log_each_recent(keep_line, last);
    assert_memory_equal(last, "20", 2);
    assert_string_equal(last + strlen("2026-11-22T10:00:00.000"),
                        "Z info: shard=main: b [reloaded]");
}

#define IN_JOURNAL(test) cmocka_unit_test_setup_teardown(test, open_journal, close_journal)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_subject_comes_before_the_sentence),
        cmocka_unit_test(test_a_line_about_the_daemon_itself_has_no_subject),
        cmocka_unit_test(test_levels_above_the_set_one_are_silent),
        cmocka_unit_test(test_a_journal_without_a_socket_is_told_the_priority_on_stderr),
        cmocka_unit_test(test_a_stderr_that_is_not_the_journal_gets_words),
        cmocka_unit_test(test_what_comes_from_outside_cannot_make_a_second_line),
        cmocka_unit_test(test_a_repeated_line_is_written_once_and_counted),
        cmocka_unit_test(test_one_site_cannot_flood_the_log),
        cmocka_unit_test(test_a_line_too_long_is_cut),
        cmocka_unit_test(test_lines_of_two_threads_do_not_mix),
        cmocka_unit_test(test_a_stderr_that_takes_no_more_holds_nobody_up),
        cmocka_unit_test(test_a_reader_that_has_gone_ends_nothing),
        cmocka_unit_test(test_json_is_an_object_a_line_and_counts_repeats),
        cmocka_unit_test(test_a_json_line_too_long_is_cut_and_closed),
        cmocka_unit_test(test_last_words_are_a_line_like_any_other),
        IN_JOURNAL(test_where_stderr_is_the_journal_entries_go_to_its_socket),
        IN_JOURNAL(test_last_words_are_an_entry_of_the_journal_like_any_other),
        IN_JOURNAL(test_text_goes_to_stderr_even_where_that_is_the_journal),
        IN_JOURNAL(test_the_journal_can_be_chosen_and_without_it_lines_go_to_stderr),
        IN_JOURNAL(test_a_journal_that_takes_no_more_holds_nobody_up),
        IN_JOURNAL(test_the_last_lines_are_kept_with_their_times_in_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

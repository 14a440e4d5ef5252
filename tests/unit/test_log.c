#include "cmocka_headers.h"

#include "log/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void speak_to_the_journal(void)
{
    struct stat status;
    char stream[64];
    fstat(STDERR_FILENO, &status);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    LOG(start_failed, NULL, "a");
    LOG(reloaded, NULL, "b");
}

static void test_the_journal_is_told_the_priority(void **state)
{
    (void)state;
    hear(speak_to_the_journal);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_subject_comes_before_the_sentence),
        cmocka_unit_test(test_a_line_about_the_daemon_itself_has_no_subject),
        cmocka_unit_test(test_levels_above_the_set_one_are_silent),
        cmocka_unit_test(test_the_journal_is_told_the_priority),
        cmocka_unit_test(test_a_stderr_that_is_not_the_journal_gets_words),
        cmocka_unit_test(test_what_comes_from_outside_cannot_make_a_second_line),
        cmocka_unit_test(test_a_repeated_line_is_written_once_and_counted),
        cmocka_unit_test(test_one_site_cannot_flood_the_log),
        cmocka_unit_test(test_a_line_too_long_is_cut),
        cmocka_unit_test(test_lines_of_two_threads_do_not_mix),
        cmocka_unit_test(test_a_stderr_that_takes_no_more_holds_nobody_up),
        cmocka_unit_test(test_a_reader_that_has_gone_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

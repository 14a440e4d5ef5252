/* That a reader which nobody lets ask for records is seen to be silent, and that it may be sent
 * elsewhere at any time. */
#include "kafka/reader.h"

#include "cmocka_headers.h"

#include <librdkafka/rdkafka_mock.h>

static bool lets_read, is_at_end, is_broken;

static void on_record(const rd_kafka_message_t *message, void *context)
{
    (void)message, (void)context;
}

static void on_source(const rd_kafka_message_t *message, enum aro_topic_kind kind, void *context)
{
    (void)message, (void)kind, (void)context;
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_ledger_end(void *context)
{
    (void)context;
    is_at_end = true;
}

static bool wants_more(void *context)
{
    (void)context;
    return lets_read;
}

static void on_broken(const char *text, void *context)
{
    (void)text, (void)context;
    is_broken = true;
}

static const struct reader_callbacks callbacks = {
    .on_ledger_record = on_record,
    .on_source_record = on_source,
    .on_ledger_end = on_ledger_end,
    .on_turn = on_nothing,
    .wants_more = wants_more,
    .on_broken = on_broken,
};

static struct config *config_of(const char *bootstrap_servers)
{
    char settings[200];
    struct config *config;
    struct aro_error error;

    int length = snprintf(settings, sizeof settings,
                          "kafka: { bootstrap_servers: '%s' }\nrulebook: r\n", bootstrap_servers);
    assert_int_equal(config_parse(settings, (size_t)length, "/c", &config, &error), 0);
    return config;
}

/* With the topic that the settings name by themselves: librdkafka 2.8 makes none for a reader. */
static rd_kafka_mock_cluster_t *cluster_with_ledger(rd_kafka_t *host)
{
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
    assert_non_null(cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "appeal-router.ledger", 1, 1), 0);
    return cluster;
}

static struct reader *reader_of(struct event_base *base, const struct config *config)
{
    struct reader *reader;
    struct aro_error error;

    assert_int_equal(
        reader_new(base, config, &config->shards.items[0], &callbacks, &reader, &error), 0);
    return reader;
}

/* Lets the loop turn until the reader has been silent for @silent_ms or more, or for less. */
static void turn_until_silent(struct event_base *base, const struct reader *reader,
                              int64_t silent_ms, bool or_more)
{
    while ((reader_silence_ms(reader) >= silent_ms) != or_more)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void test_a_reader_is_silent_while_it_is_not_let_ask_and_not_once_it_is(void **state)
{
    enum { POLLS_MS = 1200 /* more than two of its intervals */ };
    struct event_base *base = event_base_new();
    struct config *config = config_of("127.0.0.1:1");
    struct reader *reader = reader_of(base, config);
    struct aro_error error;
    (void)state;

    assert_int_equal(reader_silence_ms(reader), 0);
    lets_read = false;
    assert_int_equal(reader_follow(reader, 0, &error), 0);
    turn_until_silent(base, reader, POLLS_MS, true);
    lets_read = true;
    turn_until_silent(base, reader, POLLS_MS, false);
    reader_stop(reader);
    assert_int_equal(reader_silence_ms(reader), 0);
    reader_free(reader);
    event_base_free(base);
    config_free(config);
}

/* librdkafka ends the process where it is told to stop what it is stopping already. */
static void test_a_reader_may_be_sent_elsewhere_again_and_freed_at_once(void **state)
{
    enum { READERS = 5, TIMES = 100 };
    struct event_base *base = event_base_new();
    rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
    rd_kafka_mock_cluster_t *cluster = cluster_with_ledger(host);
    struct config *config = config_of(rd_kafka_mock_cluster_bootstraps(cluster));
    struct aro_error error;
    (void)state;

    lets_read = true;
    for (int i = 0; i < READERS; i++) {
        struct reader *reader = reader_of(base, config);
        is_at_end = false;
        assert_int_equal(reader_follow(reader, 0, &error), 0);
        while (!is_at_end)
            assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
        for (int times = 0; times < TIMES; times++)
            assert_int_equal(reader_follow(reader, 0, &error), 0);
        reader_stop(reader);
        assert_int_equal(reader_follow(reader, 0, &error), 0);
        reader_free(reader);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    event_base_free(base);
    config_free(config);
}

/* The first error may be one of the reading before. */
static void test_an_offset_that_is_not_there_breaks_the_reading_once_it_is_told_again(void **state)
{
    struct event_base *base = event_base_new();
    rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
    rd_kafka_mock_cluster_t *cluster = cluster_with_ledger(host);
    struct config *config = config_of(rd_kafka_mock_cluster_bootstraps(cluster));
    struct reader *reader = reader_of(base, config);
    struct aro_error error;
    (void)state;

    lets_read = true;
    for (int times = 0; times < 2; times++) {
        is_at_end = is_broken = false;
        assert_int_equal(reader_follow(reader, 1000, &error), 0);
        while (!is_broken)
            assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
        assert_false(is_at_end);
        assert_int_equal(reader_follow(reader, 0, &error), 0);
        while (!is_at_end)
            assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    }
    reader_free(reader);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    event_base_free(base);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_may_be_sent_elsewhere_again_and_freed_at_once),
        cmocka_unit_test(test_an_offset_that_is_not_there_breaks_the_reading_once_it_is_told_again),
        cmocka_unit_test(test_a_reader_is_silent_while_it_is_not_let_ask_and_not_once_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

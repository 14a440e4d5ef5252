/* That a reader which nobody lets ask for records is seen to be silent. Kafka need not be there. */
#include "kafka/reader.h"

#include "cmocka_headers.h"

static bool lets_read;

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

static bool wants_more(void *context)
{
    (void)context;
    return lets_read;
}

static void on_broken(const char *text, void *context)
{
    (void)text, (void)context;
}

static const struct reader_callbacks callbacks = {
    .on_ledger_record = on_record,
    .on_source_record = on_source,
    .on_ledger_end = on_nothing,
    .on_turn = on_nothing,
    .wants_more = wants_more,
    .on_broken = on_broken,
};

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
    static const char settings[] = "kafka: { bootstrap_servers: '127.0.0.1:1' }\nrulebook: r\n";
    struct event_base *base = event_base_new();
    struct reader *reader;
    struct config *config;
    struct aro_error error;
    (void)state;

    assert_int_equal(config_parse(settings, sizeof settings - 1, "/c", &config, &error), 0);
    assert_int_equal(
        reader_new(base, config, &config->shards.items[0], &callbacks, &reader, &error), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_is_silent_while_it_is_not_let_ask_and_not_once_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

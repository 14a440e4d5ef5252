#include <aro/ledger.h>

#include "cmocka_headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_a_claim_reads_back_as_it_was_written(void **state)
{
    (void)state;
    struct aro_owner read = { 0 };
    const struct aro_owner owner = {
        .instance = "router-a", .group = "appeal-router", .claim = "17-router-a-3", .time = { 1234 }
    };
    char *text = aro_owner_format(&owner);

    assert_int_equal(aro_owner_parse(text, strlen(text), &read, NULL), 0);
    assert_string_equal(read.instance, owner.instance);
    assert_string_equal(read.group, owner.group);
    assert_string_equal(read.claim, owner.claim);
    assert_int_equal(read.time.ms, 1234);
    free(text);
}

static void test_positions_read_back_as_they_were_written(void **state)
{
    (void)state;
    struct aro_positions read = { 0 };
    struct aro_position sources[] = { { "agents", 0, 7 }, { "appeals", 1, INT64_C(5000000000) } };
    json_t *counters = json_pack("{s:i}", "arrivals", 9);
    const struct aro_positions positions = { .claim = "c",
                                             .seq = 3,
                                             .time = { 99 },
                                             .source_count = 2,
                                             .sources = sources,
                                             .counters = counters };
    char *text = aro_positions_format(&positions);

    assert_int_equal(aro_positions_parse(text, strlen(text), &read, NULL), 0);
    assert_string_equal(read.claim, "c");
    assert_int_equal(read.seq, 3);
    assert_int_equal(read.source_count, 2);
    assert_string_equal(read.sources[1].topic, "appeals");
    assert_int_equal(read.sources[1].partition, 1);
    assert_int_equal(read.sources[1].next_offset, INT64_C(5000000000));
    assert_true(json_equal(read.counters, counters));
    aro_positions_done(&read);
    json_decref(counters);
    free(text);
}

static void test_topics_read_back_as_they_were_written(void **state)
{
    (void)state;
    struct aro_topics read = { 0 };
    struct aro_topic list[] = { { "agents", "", 4 }, { "appeals", "xyz", 8 } };
    char *text = aro_topics_format(&(struct aro_topics){ .topic_count = 2, .topics = list });

    assert_int_equal(aro_topics_parse(text, strlen(text), &read, NULL), 0);
    assert_int_equal(read.topic_count, 2);
    assert_string_equal(read.topics[1].name, "appeals");
    assert_string_equal(read.topics[1].id, "xyz");
    assert_int_equal(read.topics[1].partition_count, 8);
    aro_topics_done(&read);
    free(text);
}

static void test_a_damaged_or_newer_record_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "", "no JSON object" },
        { "[]", "no JSON object" },
        { "{\"v\":2}", "format version 2" },
        { "{}", "format version 0" },
        { "{\"v\":1}", "damaged" },
        { "{\"v\":1,\"claim\":\"c\",\"time\":\"1970-01-01T00:00:00Z\",\"seq\":1,\"sources\":[{}]}",
          "damaged" },
        { "{\"v\":1,\"claim\":\"c\",\"time\":\"1970-01-01T00:00:00Z\",\"seq\":1,\"sources\":"
          "[{\"topic\":\"a\",\"partition\":0,\"next_offset\":-1}]}",
          "damaged" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aro_positions positions;
        struct aro_error error = { 0 };
        assert_int_equal(
            aro_positions_parse(rows[i].text, strlen(rows[i].text), &positions, &error), -EINVAL);
        assert_non_null(strstr(error.message, rows[i].expected));
    }
}

static void test_topics_without_a_name_or_a_count_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"v\":1}",
        "{\"v\":1,\"topics\":[{\"id\":\"\",\"partitions\":4}]}",
        "{\"v\":1,\"topics\":[{\"name\":\"agents\",\"id\":\"\"}]}",
        "{\"v\":1,\"topics\":[{\"name\":\"agents\",\"id\":\"\",\"partitions\":\"4\"}]}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aro_topics topics;
        struct aro_error error = { 0 };
        assert_int_equal(aro_topics_parse(rows[i], strlen(rows[i]), &topics, &error), -EINVAL);
        assert_non_null(strstr(error.message, "damaged"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_claim_reads_back_as_it_was_written),
        cmocka_unit_test(test_positions_read_back_as_they_were_written),
        cmocka_unit_test(test_topics_read_back_as_they_were_written),
        cmocka_unit_test(test_topics_without_a_name_or_a_count_are_refused),
        cmocka_unit_test(test_a_damaged_or_newer_record_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "cmocka_headers.h"

#include "metrics/exposition.h"
#include "support/cleanup.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The whole text; the caller frees it. */
static char *write_all(struct exposition *exposition)
{
    struct buffer text = { 0 };
    exposition_write(exposition, &text);
    exposition_done(exposition);
    return buffer_take(&text);
}

static void test_samples_stand_metric_by_metric_in_the_order_of_the_table(void **state)
{
    struct exposition exposition = { 0 };
    (void)state;

    exposition_add(&exposition, METRIC_commits_total, LABELS("a"), 7);
    exposition_add(&exposition, METRIC_agents, LABELS("a"), 3);
    exposition_add(&exposition, METRIC_commits_total, LABELS("b"), 8);
    exposition_add(&exposition, METRIC_agents, LABELS("b"), 4);
    CLEANUP(freep) char *text = write_all(&exposition);
    assert_string_equal(text, "# HELP appeal_router_agents Agents known.\n"
                              "# TYPE appeal_router_agents gauge\n"
                              "appeal_router_agents{shard=\"a\"} 3\n"
                              "appeal_router_agents{shard=\"b\"} 4\n"
                              "# HELP appeal_router_commits_total Transactions known to be "
                              "committed.\n"
                              "# TYPE appeal_router_commits_total counter\n"
                              "appeal_router_commits_total{shard=\"a\"} 7\n"
                              "appeal_router_commits_total{shard=\"b\"} 8\n");
}

static void test_what_a_label_may_hold_cannot_break_out_of_it(void **state)
{
    struct exposition exposition = { 0 };
    (void)state;

    exposition_add(&exposition, METRIC_queue_held, LABELS("a\\b", "say \"no\"\n} 1, Größe"), 1);
    CLEANUP(freep) char *text = write_all(&exposition);
    assert_non_null(strstr(text, "\nappeal_router_queue_held{shard=\"a\\\\b\","
                                 "queue=\"say \\\"no\\\"\\n} 1, Größe\"} 1\n"));
}

static void test_numbers_are_written_exactly(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        { 0, "0" },           { 0.1, "0.1" },
        { -2.5, "-2.5" },     { 123456789012345, "123456789012345" },
        { INFINITY, "+Inf" }, { -INFINITY, "-Inf" },
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct exposition exposition = { 0 };
        exposition_add(&exposition, METRIC_start_time_seconds, NULL, rows[i].value);
        CLEANUP(freep) char *text = write_all(&exposition);
        const char *number = strrchr(text, ' ') + 1;
        assert_int_equal(strlen(number), strlen(rows[i].text) + 1);
        assert_memory_equal(number, rows[i].text, strlen(rows[i].text));
    }
}

static void test_a_bucket_counts_what_is_at_most_its_bound(void **state)
{
    static const struct histogram_bounds bounds = { .count = 2, .items = { 1, 2.5 } };
    struct exposition exposition = { 0 };
    struct histogram histogram;
    (void)state;

    histogram_init(&histogram, &bounds);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 1);
    histogram_add(&histogram, 2.5);
    histogram_add(&histogram, 100);
    exposition_add_histogram(&exposition, METRIC_transaction_records, LABELS("a"), &histogram);
    CLEANUP(freep) char *text = write_all(&exposition);
    assert_string_equal(strstr(text, "# TYPE"),
                        "# TYPE appeal_router_transaction_records histogram\n"
                        "appeal_router_transaction_records_bucket{shard=\"a\",le=\"1\"} 2\n"
                        "appeal_router_transaction_records_bucket{shard=\"a\",le=\"2.5\"} 3\n"
                        "appeal_router_transaction_records_bucket{shard=\"a\",le=\"+Inf\"} 4\n"
                        "appeal_router_transaction_records_sum{shard=\"a\"} 103.5\n"
                        "appeal_router_transaction_records_count{shard=\"a\"} 4\n");
}

static void test_a_histogram_without_labels_has_its_bounds_alone(void **state)
{
    static const struct histogram_bounds bounds = { .count = 1, .items = { 0.5 } };
    struct exposition exposition = { 0 };
    struct histogram histogram;
    (void)state;

    histogram_init(&histogram, &bounds);
    exposition_add_histogram(&exposition, METRIC_loop_lag_seconds, NULL, &histogram);
    CLEANUP(freep) char *text = write_all(&exposition);
    assert_non_null(strstr(text, "\nappeal_router_loop_lag_seconds_bucket{le=\"0.5\"} 0\n"));
    assert_non_null(strstr(text, "\nappeal_router_loop_lag_seconds_sum 0\n"));
}

static void test_the_bounds_of_every_histogram_ascend(void **state)
{
    const struct histogram_bounds *const all[] = { &histogram_seconds, &histogram_records };
    (void)state;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_in_range(all[i]->count, 1, HISTOGRAM_BOUNDS_MAX);
        for (size_t j = 1; j < all[i]->count; j++)
            assert_true(all[i]->items[j - 1] < all[i]->items[j]);
    }
}

/* https://prometheus.io/docs/practices/naming/ */
static void test_every_name_keeps_to_the_rules_of_prometheus(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_terms *terms = metric_get(metric);
        size_t length = strlen(terms->name);
        bool is_total = length > 6 && strcmp(terms->name + length - 6, "_total") == 0;

        for (size_t i = 0; i < length; i++)
            assert_true(islower((unsigned char)terms->name[i]) || terms->name[i] == '_');
        if (is_total != (terms->kind == METRIC_COUNTER))
            fail_msg("%s: counters alone end in _total", terms->name);
        if (terms->help[strlen(terms->help) - 1] != '.')
            fail_msg("%s: its help is no sentence", terms->name);
    }
}

static void test_no_two_metrics_have_one_name(void **state)
{
    (void)state;
    for (enum metric one = 0; one < METRIC_COUNT; one++)
        for (enum metric other = 0; other < one; other++)
            assert_string_not_equal(metric_get(one)->name, metric_get(other)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_stand_metric_by_metric_in_the_order_of_the_table),
        cmocka_unit_test(test_what_a_label_may_hold_cannot_break_out_of_it),
        cmocka_unit_test(test_numbers_are_written_exactly),
        cmocka_unit_test(test_a_bucket_counts_what_is_at_most_its_bound),
        cmocka_unit_test(test_a_histogram_without_labels_has_its_bounds_alone),
        cmocka_unit_test(test_the_bounds_of_every_histogram_ascend),
        cmocka_unit_test(test_every_name_keeps_to_the_rules_of_prometheus),
        cmocka_unit_test(test_no_two_metrics_have_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

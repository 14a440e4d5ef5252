#include "routing/details.h"

#include "cmocka_headers.h"

#include <stdlib.h>

static const struct person excluded[] = {
    { .id = "rui" },
    { .id = "eva", .has_decided = true, .is_known = true, .team = "t", .lead = "dJx" },
};
static const char *const declined[] = { "lua" };
static const char *const texts[] = { "p", "q" };
static const struct details_view full = {
    .decided_by = { .id = "ana", .has_decided = true, .is_known = true, .site = "s" },
    .excluded_count = 2,
    .excluded = excluded,
    .declined_count = 1,
    .declined = declined,
    .policy = "fraud-2",
    .deadline = { 0x7477447444744474 }, /* bytes that look like tags */
    .joined_deadline = { 0x6464787862627474 },
    .retry_at = { 0x6161727272727272 },
    .traceparent = "00-ab-cd-01",
    .tracestate = "a=b",
};

static void test_what_is_packed_is_unpacked_the_same(void **state)
{
    (void)state;
    const struct aro_attribute attributes[] = {
        { .name = aro_text_of("flag"), .kind = ARO_ATTRIBUTE_BOOL, .boolean = true },
        { .name = aro_text_of("list"),
          .kind = ARO_ATTRIBUTE_LIST,
          .text_count = 2,
          .texts = texts },
        { .name = aro_text_of("none"), .kind = ARO_ATTRIBUTE_LIST },
        { .name = aro_text_of("text"), .kind = ARO_ATTRIBUTE_TEXT, .text = aro_text_of("p") },
        { .name = aro_text_of("value"), .kind = ARO_ATTRIBUTE_NUMBER, .number = 1.25 },
    };
    struct details_view packed = full, view;
    packed.attribute_count = sizeof attributes / sizeof *attributes;
    packed.attributes = attributes;
    struct details *details = details_pack(&packed);
    struct arena arena = { 0 };

    details_unpack(details, &arena, &view);
    assert_string_equal(view.decided_by.id, "ana");
    assert_true(view.decided_by.is_known);
    assert_null(view.decided_by.team);
    assert_string_equal(view.decided_by.site, "s");
    assert_int_equal(view.excluded_count, 2);
    assert_string_equal(view.excluded[0].id, "rui");
    assert_false(view.excluded[0].is_known || view.excluded[0].has_decided);
    assert_string_equal(view.excluded[1].id, "eva");
    assert_true(view.excluded[1].has_decided);
    assert_string_equal(view.excluded[1].team, "t");
    assert_null(view.excluded[1].site);
    assert_string_equal(view.excluded[1].lead, "dJx");
    assert_int_equal(view.declined_count, 1);
    assert_string_equal(view.declined[0], "lua");
    assert_string_equal(view.policy, "fraud-2");
    assert_true(view.deadline.ms == full.deadline.ms);
    assert_true(view.joined_deadline.ms == full.joined_deadline.ms);
    assert_true(view.retry_at.ms == full.retry_at.ms);
    assert_true(details_retry_at(details).ms == full.retry_at.ms);
    assert_string_equal(view.traceparent, "00-ab-cd-01");
    assert_string_equal(view.tracestate, "a=b");
    assert_int_equal(view.attribute_count, 5);
    assert_true(view.attributes[0].boolean);
    assert_string_equal(view.attributes[1].texts[1], "q");
    assert_int_equal(view.attributes[2].text_count, 0);
    assert_true(aro_text_equals(&view.attributes[3].name, &attributes[3].name));
    assert_true(aro_text_equals(&view.attributes[3].text, &attributes[3].text));
    assert_true(view.attributes[4].number == 1.25);
    arena_done(&arena);
    free(details);
}

static void test_nothing_to_keep_takes_no_memory(void **state)
{
    (void)state;
    const struct details_view empty = { .deadline = ARO_INSTANT_NEVER,
                                        .joined_deadline = ARO_INSTANT_NEVER,
                                        .retry_at = ARO_INSTANT_NEVER };
    struct arena arena = { 0 };
    struct details_view view;
    const char *traceparent, *tracestate;

    assert_null(details_pack(&empty));
    details_unpack(NULL, &arena, &view);
    assert_true(aro_instant_is_never(view.deadline));
    assert_true(aro_instant_is_never(view.retry_at));
    assert_true(aro_instant_is_never(details_retry_at(NULL)));
    assert_int_equal(view.attribute_count, 0);
    details_trace(NULL, &traceparent, &tracestate);
    assert_null(traceparent);
    assert_int_equal(details_bar_of(NULL, "ana"), DETAILS_BAR_NONE);
    arena_done(&arena);
}

static void test_each_barred_person_is_found_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        enum details_bar bar;
    } rows[] = {
        { "ana", DETAILS_BAR_INDEPENDENCE }, { "rui", DETAILS_BAR_INDEPENDENCE },
        { "eva", DETAILS_BAR_INDEPENDENCE }, { "lua", DETAILS_BAR_DECLINED },
        { "listing", DETAILS_BAR_NONE },     { "an", DETAILS_BAR_NONE },
    };
    struct details *details = details_pack(&full);
    size_t position = 0, count = 0;
    enum details_bar bar;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(details_bar_of(details, rows[i].id), rows[i].bar);
    for (const char *id; (id = details_next_barred(details, &position, &bar)) != NULL; count++) {
        assert_string_equal(id, rows[count].id);
        assert_int_equal(bar, rows[count].bar);
    }
    assert_int_equal(count, 4);
    free(details);
}

static void test_the_trace_is_found_among_the_rest(void **state)
{
    (void)state;
    struct details *details = details_pack(&full);
    const char *traceparent, *tracestate;

    details_trace(details, &traceparent, &tracestate);
    assert_string_equal(traceparent, "00-ab-cd-01");
    assert_string_equal(tracestate, "a=b");
    free(details);
}

static void test_the_past_alone_can_be_kept(void **state)
{
    (void)state;
    struct details *details = details_pack(&full);
    const char *traceparent, *tracestate;

    assert_null(details_drop_items(NULL));
    assert_null(details_drop_items(details_pack(&full)));
    memcpy(details_splice_past(&details, 0, 0, 5), "moves", 5);
    for (int times = 0; times < 2; times++) {
        details = details_drop_items(details);
        assert_int_equal(details_size(details), 0);
        assert_int_equal(details_past(details).length, 5);
        assert_memory_equal(details_past(details).bytes, "moves", 5);
        details_trace(details, &traceparent, &tracestate);
        assert_null(traceparent);
    }
    memcpy(details_splice_past(&details, 5, 0, 100), (char[100]){ 0 }, 100);
    assert_memory_equal(details_past(details).bytes, "moves", 5);
    free(details);
}

static void test_a_copy_stays_as_it_is(void **state)
{
    (void)state;
    struct details *details = details_pack(&full);
    struct arena arena = { 0 };

    memcpy(details_splice_past(&details, 0, 0, 5), "moves", 5);
    const struct details *copy = details_copy(details, &arena);
    free(details_drop_items(details));
    assert_null(details_copy(NULL, &arena));
    assert_int_equal(details_bar_of(copy, "ana"), DETAILS_BAR_INDEPENDENCE);
    assert_int_equal(details_past(copy).length, 5);
    assert_memory_equal(details_past(copy).bytes, "moves", 5);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_packed_is_unpacked_the_same),
        cmocka_unit_test(test_nothing_to_keep_takes_no_memory),
        cmocka_unit_test(test_each_barred_person_is_found_with_the_reason),
        cmocka_unit_test(test_the_trace_is_found_among_the_rest),
        cmocka_unit_test(test_the_past_alone_can_be_kept),
        cmocka_unit_test(test_a_copy_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

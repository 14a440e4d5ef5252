#include "cmocka_headers.h"

#include "event_samples.h"

#include <aro/rulebook.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    struct aro_languages *languages;
    struct aro_event_reader *reader;
    struct aro_rulebook *rulebook;
};

static const char rulebook[] = "rulebook: t\n"
                               "markets: { latam-north: {} }\n"
                               "queues: { general: {} }\n"
                               "rules: [ { name: rest, route: { queue: general } } ]\n";

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world || aro_languages_new(&world->languages) < 0 ||
        aro_event_reader_new(world->languages, &world->reader) < 0 ||
        aro_rulebook_parse(rulebook, strlen(rulebook), world->languages, &world->rulebook, NULL) <
            0)
        return -1;
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    aro_event_reader_free(world->reader);
    aro_rulebook_free(world->rulebook);
    aro_languages_free(world->languages);
    free(world);
    return 0;
}

/* As the daemon does it: read, then asked of the rulebook. */
static int read_and_check(struct world *world, const struct aro_message *message,
                          const struct aro_event **ret, struct aro_error *reterr)
{
    const struct aro_event *event;
    int r = aro_event_read(world->reader, message, &event, reterr);
    if (r == 0)
        r = aro_rulebook_check_event(world->rulebook, event, reterr);
    if (r == 0)
        *ret = event;
    return r;
}

/* Reads @message, which is expected to be a good one. */
static const struct aro_event *read_good(struct world *world, const struct aro_message *message)
{
    const struct aro_event *event = NULL;
    struct aro_error error = { 0 };
    if (read_and_check(world, message, &event, &error) < 0)
        fail_msg("refused: %s", error.message);
    return event;
}

static const struct aro_event *read_text(struct world *world, enum aro_topic_kind topic,
                                         const char *value)
{
    const struct aro_message message = { .topic_kind = topic,
                                         .value = value,
                                         .value_length = strlen(value) };
    return read_good(world, &message);
}

static const json_t *find_entry(const json_t *list, const char *name)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0)
            return entry;
    }
    fail_msg("no sample '%s'", name);
    return NULL;
}

static void test_each_broken_event_is_refused_with_its_code_and_field(void **state)
{
    struct world *world = *state;
    json_t *list = samples_load("broken_events.json");
    size_t i;
    const json_t *entry;

    assert_true(json_array_size(list) >= 60);
    json_array_foreach(list, i, entry)
    {
        const char *name, *code, *field;
        struct sample sample;
        struct aro_error error = { 0 };
        const struct aro_event *event = NULL;

        assert_int_equal(json_unpack((json_t *)entry, "{s:s, s:s, s:s}", "name", &name, "code",
                                     &code, "field", &field),
                         0);
        sample_from_broken(entry, &sample);
        int r = read_and_check(world, &sample.message, &event, &error);
        if (r != -EINVAL)
            fail_msg("%s: was read", name);
        if (strcmp(aro_error_code_name(error.code), code) != 0 || strcmp(error.field, field) != 0)
            fail_msg("%s: code %s field '%s' (%s), expected %s '%s'", name,
                     aro_error_code_name(error.code), error.field, error.message, code, field);
        if (!strstr(error.message, field) || strlen(error.message) < 8)
            fail_msg("%s: '%s' does not name '%s'", name, error.message, field);
        assert_null(event);
        sample_done(&sample);
    }
    json_decref(list);
}

static void test_each_good_event_is_read_in_all_three_forms(void **state)
{
    struct world *world = *state;
    json_t *list = samples_load("good_events.json");
    bool seen[ARO_EVENT_TYPE_COUNT] = { false };
    size_t i;
    const json_t *entry;

    json_array_foreach(list, i, entry)
    {
        for (enum sample_form form = 0; form < SAMPLE_FORM_COUNT; form++) {
            struct sample sample;
            sample_from_good(entry, form, &sample);
            const struct aro_event *event = read_good(world, &sample.message);
            assert_string_equal(aro_event_type_name(event->type),
                                json_string_value(json_object_get(entry, "type")));
            const char *id =
                sample.message.topic_kind == ARO_TOPIC_AGENTS ? event->agent_id : event->appeal_id;
            assert_string_equal(id, sample.message.key);
            seen[event->type] = true;
            sample_done(&sample);
        }
    }
    for (int type = ARO_EVENT_NONE + 1; type < ARO_EVENT_TYPE_COUNT; type++)
        assert_true(seen[type]);
    json_decref(list);
}

static void test_every_member_of_an_appeal_arrives(void **state)
{
    struct world *world = *state;
    json_t *list = samples_load("good_events.json");
    struct sample sample;
    sample_from_good(find_entry(list, "an appeal with everything"), SAMPLE_PLAIN, &sample);
    const struct aro_event *event = read_good(world, &sample.message);

    assert_string_equal(event->market, "NO");
    assert_int_equal(event->language_count, 3);
    assert_string_equal(event->languages[0]->tag, "nb");
    assert_string_equal(event->languages[1]->tag, "nn");
    assert_string_equal(event->languages[2]->tag, "en-GB");
    assert_string_equal(event->reason, "counterfeit");
    assert_int_equal(event->tier, 2);
    assert_string_equal(event->subject_type, "listing");
    assert_string_equal(event->subject_id, "l-77");
    assert_string_equal(event->decision_id, "d-5");
    assert_string_equal(event->decided_by, "ana");
    assert_int_equal(event->decision_decided_at.ms, INT64_C(1795158000000));
    assert_string_equal(event->decision_policy, "counterfeit-goods");
    assert_int_equal(event->exclude_count, 2);
    assert_string_equal(event->exclude[0], "rui");
    assert_string_equal(event->exclude[1], "eva");
    assert_int_equal(event->submitted_at.ms, INT64_C(1795341600123));
    assert_int_equal(event->deadline.ms, INT64_C(1795341600000) + 3 * INT64_C(86400000));
    assert_int_equal(event->effort, 3);
    assert_int_equal(event->priority, 9);
    assert_int_equal(event->has, ARO_HAS_LANGUAGES | ARO_HAS_REASON | ARO_HAS_DEADLINE |
                                     ARO_HAS_EXCLUDE | ARO_HAS_ATTRIBUTES);
    sample_done(&sample);
    json_decref(list);
}

static void test_attributes_arrive_sorted_and_typed(void **state)
{
    const struct aro_event *event =
        read_text(*state, ARO_TOPIC_APPEALS,
                  "{\"type\":\"appeal.updated\",\"appeal_id\":\"a\",\"attributes\":{\"z\":-0.0,"
                  "\"list\":[\"b\",\"a\"],\"flag\":false,\"none\":null,\"text\":\"\\u00e9\\ud83d"
                  "\\ude00\",\"big\":9223372036854775808,\"exp\":1.5e2,\"empty\":[]}}");
    static const char *const names[] = { "big", "empty", "exp", "flag", "list", "text", "z" };

    assert_int_equal(event->attribute_count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(event->attributes[i].name.text, names[i]);
    assert_true(event->attributes[0].number == 9223372036854775808.0);
    assert_int_equal(event->attributes[1].kind, ARO_ATTRIBUTE_LIST);
    assert_int_equal(event->attributes[1].text_count, 0);
    assert_true(event->attributes[2].number == 150.0);
    assert_int_equal(event->attributes[3].kind, ARO_ATTRIBUTE_BOOL);
    assert_false(event->attributes[3].boolean);
    assert_int_equal(event->attributes[4].text_count, 2);
    assert_string_equal(event->attributes[4].texts[0], "b");
    assert_string_equal(event->attributes[4].texts[1], "a");
    assert_string_equal(event->attributes[5].text.text, "\xc3\xa9\xf0\x9f\x98\x80");
    assert_int_equal(event->attributes[6].kind, ARO_ATTRIBUTE_NUMBER);
    assert_false(__builtin_signbit(event->attributes[6].number));
}

static void test_every_member_of_an_agent_arrives(void **state)
{
    struct world *world = *state;
    json_t *list = samples_load("good_events.json");
    struct sample sample;
    sample_from_good(find_entry(list, "an agent with everything"), SAMPLE_STRUCTURED, &sample);
    const struct aro_event *event = read_good(world, &sample.message);

    assert_int_equal(event->capacity, 1000);
    assert_int_equal(event->agent_language_count, 3);
    assert_string_equal(event->agent_languages[0].language->tag, "pt-BR");
    assert_int_equal(event->agent_languages[0].level, 5);
    assert_string_equal(event->agent_languages[1].language->tag, "es");
    assert_int_equal(event->agent_languages[1].level, 3);
    assert_int_equal(event->agent_languages[2].level, 5);
    assert_true(event->all_markets);
    assert_int_equal(event->market_count, 0);
    assert_int_equal(event->queue_count, 2);
    assert_string_equal(event->queues[0], "fraud-latam");
    assert_int_equal(event->skill_count, 2);
    assert_string_equal(event->skills[0].name, "fraud");
    assert_int_equal(event->skills[0].level, 3);
    assert_string_equal(event->skills[1].name, "ip");
    assert_string_equal(event->team, "Fraude S\xc3\xa3o Paulo");
    assert_string_equal(event->site, "sao-paulo");
    assert_string_equal(event->lead, "eva");
    assert_string_equal(event->time_zone, "America/Sao_Paulo");
    assert_int_equal(event->shift_count, 1);
    assert_int_equal(event->shifts[0].end.ms - event->shifts[0].start.ms, 9 * 3600 * 1000);
    assert_int_equal(event->status, ARO_AGENT_DRAINING);
    assert_int_equal(event->has, ARO_HAS_AGENT_ID | ARO_HAS_LANGUAGES | ARO_HAS_QUEUES |
                                     ARO_HAS_SHIFTS | ARO_HAS_STATUS);
    sample_done(&sample);
    json_decref(list);
}

static void test_what_an_event_leaves_out_has_its_default(void **state)
{
    struct world *world = *state;
    json_t *list = samples_load("good_events.json");
    struct sample sample;
    const struct aro_event *event;

    /* after one with everything, so that nothing stays behind */
    sample_from_good(find_entry(list, "an appeal with everything"), SAMPLE_PLAIN, &sample);
    read_good(world, &sample.message);
    sample_done(&sample);
    event = read_text(world, ARO_TOPIC_APPEALS,
                      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"a\",\"market\":\"BR\","
                      "\"languages\":[\"pt\"],\"reason\":\"x\",\"tier\":null,\"subject\":null}");
    assert_int_equal(event->has, ARO_HAS_LANGUAGES | ARO_HAS_REASON);
    assert_int_equal(event->tier, 1);
    assert_int_equal(event->effort, 1);
    assert_int_equal(event->priority, 0);
    assert_null(event->subject_id);
    assert_null(event->decided_by);
    assert_null(event->traceparent);
    assert_int_equal(event->exclude_count, 0);
    assert_int_equal(event->attribute_count, 0);
    assert_true(aro_instant_is_never(event->submitted_at));
    assert_true(aro_instant_is_never(event->deadline));
    assert_true(aro_instant_is_never(event->decision_decided_at));
    json_decref(list);
}

static void test_what_is_said_twice_counts_once(void **state)
{
    const struct aro_event *event =
        read_text(*state, ARO_TOPIC_APPEALS,
                  "{\"type\":\"appeal.updated\",\"appeal_id\":\"a\",\"languages\":[\"no\",\"en\","
                  "\"nb\"],\"exclude\":[\"x\",\"y\",\"x\"]}");
    assert_int_equal(event->language_count, 2);
    assert_string_equal(event->languages[1]->tag, "en");
    assert_int_equal(event->exclude_count, 2);

    event =
        read_text(*state, ARO_TOPIC_AGENTS,
                  "{\"type\":\"agent.updated\",\"agent_id\":\"ana\",\"capacity\":1,"
                  "\"languages\":[{\"tag\":\"nb\",\"level\":2},\"en\",{\"tag\":\"no\","
                  "\"level\":4},{\"tag\":\"nb\",\"level\":1}],\"markets\":[\"PT\",\"BR\",\"PT\"],"
                  "\"queues\":[\"b\",\"a\",\"b\"]}");
    assert_int_equal(event->agent_language_count, 2);
    assert_int_equal(event->agent_languages[0].level, 4);
    assert_int_equal(event->market_count, 2);
    assert_string_equal(event->markets[0], "BR");
    assert_int_equal(event->queue_count, 2);
    assert_string_equal(event->queues[1], "b");
}

static void test_no_queues_and_all_queues_are_told_apart(void **state)
{
    static const char shape[] = "{\"type\":\"agent.updated\",\"agent_id\":\"ana\",\"capacity\":1,"
                                "\"languages\":[\"en\"],\"markets\":[\"*\"]%s}";
    char value[256];

    snprintf(value, sizeof value, shape, "");
    assert_false(read_text(*state, ARO_TOPIC_AGENTS, value)->has & ARO_HAS_QUEUES);
    snprintf(value, sizeof value, shape, ",\"queues\":null");
    assert_false(read_text(*state, ARO_TOPIC_AGENTS, value)->has & ARO_HAS_QUEUES);
    snprintf(value, sizeof value, shape, ",\"queues\":[]");
    const struct aro_event *event = read_text(*state, ARO_TOPIC_AGENTS, value);
    assert_true(event->has & ARO_HAS_QUEUES);
    assert_int_equal(event->queue_count, 0);
}

static void test_a_null_value_removes_the_agent_of_its_key(void **state)
{
    struct world *world = *state;
    char key[] = "ana.souza+";
    struct aro_message message = { .topic_kind = ARO_TOPIC_AGENTS, .key = key, .key_length = 9 };
    const struct aro_event *event = read_good(world, &message);

    key[0] = '#';
    assert_int_equal(event->type, ARO_AGENT_REMOVED);
    assert_string_equal(event->agent_id, "ana.souza");
}

static const char withdrawal[] = "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a\"}";

/* An appeal's withdrawal with the headers @traceparent and @tracestate; NULL: without. */
static const struct aro_event *read_traced(struct world *world, const char *traceparent,
                                           const char *tracestate)
{
    struct aro_header headers[2];
    struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                   .value = withdrawal,
                                   .value_length = sizeof withdrawal - 1,
                                   .headers = headers };
    if (traceparent)
        headers[message.header_count++] =
            (struct aro_header){ "traceparent", traceparent, strlen(traceparent) };
    if (tracestate)
        headers[message.header_count++] =
            (struct aro_header){ "tracestate", tracestate, strlen(tracestate) };
    return read_good(world, &message);
}

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void test_a_malformed_trace_is_dropped_and_the_event_kept(void **state)
{
    static const struct {
        const char *text;
        bool is_kept;
    } parents[] = {
        { TRACEPARENT, true },
        { "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-later", true },
        { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", false },
        { "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
        { "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
        { "00-00000000000000000000000000000000-b7ad6b7169203331-01", false },
        { "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false },
        { "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01", false },
        { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false },
        { "", false },
    }, states[] = {
        { "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true },
        { "tenant@vendor=a b", true },
        { "a=1,,b=2", true },
        { "a", false },
        { "a=", false },
        { "=1", false },
        { "A=1", false },
        { "a=b=c", false },
        { "a=\n", false },
        { "", false },
    };
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        const struct aro_event *event = read_traced(*state, parents[i].text, "a=1");
        if (parents[i].is_kept)
            assert_string_equal(event->traceparent, parents[i].text);
        else
            assert_null(event->traceparent);
        assert_int_equal(event->tracestate != NULL, parents[i].is_kept);
    }
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const struct aro_event *event = read_traced(*state, TRACEPARENT, states[i].text);
        if (states[i].is_kept)
            assert_string_equal(event->tracestate, states[i].text);
        else
            assert_null(event->tracestate);
    }
    assert_null(read_traced(*state, NULL, "a=1")->tracestate);
}

static void test_a_trace_may_come_as_a_cloudevents_attribute(void **state)
{
    struct world *world = *state;
    static const char value[] = "{\"specversion\":\"1.0\",\"type\":\"appeal.withdrawn\","
                                "\"traceparent\":\"" TRACEPARENT "\",\"tracestate\":\"a=1\","
                                "\"data\":{\"appeal_id\":\"a\"}}";
    static const char type[] = "application/CloudEvents+JSON";
    struct aro_header header = { "content-type", type, sizeof type - 1 };
    struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                   .value = value,
                                   .value_length = sizeof value - 1,
                                   .headers = &header,
                                   .header_count = 1 };
    const struct aro_event *event = read_good(world, &message);
    assert_string_equal(event->traceparent, TRACEPARENT);
    assert_string_equal(event->tracestate, "a=1");

    header = (struct aro_header){ "ce_traceparent", TRACEPARENT, strlen(TRACEPARENT) };
    message.value = withdrawal;
    message.value_length = sizeof withdrawal - 1;
    assert_string_equal(read_good(world, &message)->traceparent, TRACEPARENT);
}

static void test_a_trace_may_stand_beside_the_fields_of_a_plain_event(void **state)
{
    const struct aro_event *event = read_text(
        *state, ARO_TOPIC_APPEALS,
        "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a\",\"traceparent\":\"" TRACEPARENT
        "\",\"tracestate\":\"a=1\"}");
    assert_string_equal(event->traceparent, TRACEPARENT);
    assert_string_equal(event->tracestate, "a=1");
    static const char *const malformed[] = { "1", "null", "{}", "\"\"", "\"00-1\"" };
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        char value[200];
        snprintf(value, sizeof value,
                 "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a\",\"traceparent\":%s}",
                 malformed[i]);
        assert_null(read_text(*state, ARO_TOPIC_APPEALS, value)->traceparent);
    }
}

static void test_the_trace_of_a_refused_record_is_known_until_the_next(void **state)
{
    struct world *world = *state;
    static const char *const values[] = { "{\"type\":\"appeal.withdrawn\"}", "{\"type\":1}",
                                          "no JSON" };
    struct aro_header header = { "traceparent", TRACEPARENT, strlen(TRACEPARENT) };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                             .value = values[i],
                                             .value_length = strlen(values[i]),
                                             .headers = &header,
                                             .header_count = 1 };
        const struct aro_event *event;
        struct aro_error error;
        assert_true(aro_event_read(world->reader, &message, &event, &error) < 0);
        assert_string_equal(aro_event_reader_traceparent(world->reader), TRACEPARENT);
        read_text(world, ARO_TOPIC_APPEALS, withdrawal);
        assert_null(aro_event_reader_traceparent(world->reader));
    }
}

static void test_of_two_headers_of_one_name_the_last_counts(void **state)
{
    struct world *world = *state;
    const struct aro_header headers[] = { { "ce_type", "x", 1 },
                                          { "ce_type", "appeal.withdrawn", 16 },
                                          { "other", NULL, 0 } };
    const struct aro_message message = { .topic_kind = ARO_TOPIC_APPEALS,
                                         .value = withdrawal,
                                         .value_length = sizeof withdrawal - 1,
                                         .headers = headers,
                                         .header_count = 3 };
    assert_int_equal(read_good(world, &message)->type, ARO_APPEAL_WITHDRAWN);
}

/* A sender must not make one event cost as much as thousands. */
static void test_an_object_of_many_unknown_members_is_read_in_linear_time(void **state)
{
    size_t size = 250 * 1024, length = 0;
    char *value = malloc(size + 32);
    assert_non_null(value);
    length += (size_t)sprintf(value, "{\"type\":\"appeal.withdrawn\",\"appeal_id\":\"a\"");
    for (unsigned i = 0; length < size; i++)
        length += (size_t)sprintf(value + length, ",\"%x\":0", i);
    strcpy(value + length, "}");
    for (int i = 0; i < 20; i++)
        assert_int_equal(read_text(*state, ARO_TOPIC_APPEALS, value)->type, ARO_APPEAL_WITHDRAWN);
    free(value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_broken_event_is_refused_with_its_code_and_field),
        TEST(test_each_good_event_is_read_in_all_three_forms),
        TEST(test_every_member_of_an_appeal_arrives),
        TEST(test_attributes_arrive_sorted_and_typed),
        TEST(test_every_member_of_an_agent_arrives),
        TEST(test_what_an_event_leaves_out_has_its_default),
        TEST(test_what_is_said_twice_counts_once),
        TEST(test_no_queues_and_all_queues_are_told_apart),
        TEST(test_a_null_value_removes_the_agent_of_its_key),
        TEST(test_a_malformed_trace_is_dropped_and_the_event_kept),
        TEST(test_a_trace_may_come_as_a_cloudevents_attribute),
        TEST(test_a_trace_may_stand_beside_the_fields_of_a_plain_event),
        TEST(test_the_trace_of_a_refused_record_is_known_until_the_next),
        TEST(test_of_two_headers_of_one_name_the_last_counts),
        TEST(test_an_object_of_many_unknown_members_is_read_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

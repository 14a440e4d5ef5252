#include "cmocka_headers.h"

#include "log/encoding.h"
#include "support/buffer.h"

#include <ctype.h>
#include <endian.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char traceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
static const struct log_subject everything = { .shard = "main",
                                               .record = "appeals/3/4711",
                                               .market = "BR",
                                               .queue = "general",
                                               .appeal = "a-91",
                                               .agent = "ana",
                                               .peer = "kafka",
                                               .trace = traceparent };

static struct log_entry entry_of(const struct log_subject *subject, const char *sentence)
{
    return (struct log_entry){ .message = MESSAGE_record_refused,
                               .subject = subject,
                               .sentence = sentence,
                               .at = { 1000 * 1000 + 7 } };
}

/* ---- text ---- */

static void assert_text(const struct log_entry *entry, const char *expected)
{
    struct buffer line = { 0 };
    log_encode_text(entry, &line);
    assert_string_equal(line.data, expected);
    buffer_done(&line);
}

static void test_text_has_the_subject_first_and_the_code_last(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(&everything, "cannot be read");
    assert_text(&entry, "shard=main record=appeals/3/4711 market=BR queue=general appeal=a-91 "
                        "agent=ana peer=kafka trace=4bf92f3577b34da6a3ce929d0e0e4736: "
                        "cannot be read [record-refused]");
}

static void test_text_tells_how_many_repeats_were_left_out(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(NULL, "cannot be read");
    entry.repeat_count = 3;
    assert_text(&entry, "cannot be read (3 repeats before it were left out) [record-refused]");
}

static void test_text_shows_no_control_character_and_no_broken_one(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(NULL, "a\nb\x1b[31m\x7f \xc2\x9b \xff \xed\xa0\x80 \xc3\xa9");
    assert_text(&entry, "a?b?[31m? ? \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xa9 "
                        "[record-refused]");
}

/* ---- JSON ---- */

static json_t *as_json(const struct log_entry *entry, size_t length_max)
{
    struct buffer line = { 0 };
    json_error_t error;

    log_encode_json(entry, length_max, &line);
    assert_true(line.length <= length_max);
    assert_null(memchr(line.data, '\n', line.length));
    json_t *object = json_loadb(line.data, line.length, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s: %s", error.text, line.data);
    buffer_done(&line);
    return object;
}

static void assert_member(const json_t *object, const char *name, const char *expected)
{
    assert_non_null(json_object_get(object, name));
    assert_string_equal(json_string_value(json_object_get(object, name)), expected);
}

static void test_json_has_a_member_for_each_thing_that_the_entry_is_about(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(&everything, "cannot be \"read\"");
    json_t *object = as_json(&entry, 4096);
    assert_member(object, "time", "1970-01-01T00:16:40.007Z");
    assert_member(object, "level", "warning");
    assert_member(object, "code", "record-refused");
    assert_member(object, "message", "cannot be \"read\"");
    assert_member(object, "shard", "main");
    assert_member(object, "topic", "appeals");
    assert_int_equal(json_integer_value(json_object_get(object, "partition")), 3);
    assert_int_equal(json_integer_value(json_object_get(object, "offset")), 4711);
    assert_member(object, "market", "BR");
    assert_member(object, "queue", "general");
    assert_member(object, "appeal", "a-91");
    assert_member(object, "agent", "ana");
    assert_member(object, "peer", "kafka");
    assert_member(object, "trace", "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_int_equal(json_object_size(object), 14);
    json_decref(object);
}

static void test_json_counts_repeats_in_a_member_of_their_own(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(NULL, "cannot be read");
    entry.repeat_count = 3;
    json_t *object = as_json(&entry, 4096);
    assert_member(object, "message", "cannot be read");
    assert_int_equal(json_integer_value(json_object_get(object, "repeats_left_out")), 3);
    json_decref(object);
}

/* Bytes that come by at random, with many that begin or go on with a character of several. */
static void fill_with_anything(char *text, size_t length, unsigned *seed)
{
    static const char likely[] = "\xc2\xe0\xed\xf0\xf4\x80\x9f\xbf\xa0\n\"\\{";
    for (size_t i = 0; i < length; i++) {
        char byte = (char)(rand_r(seed) % 255 + 1);
        text[i] = rand_r(seed) % 2 ? byte : likely[(size_t)rand_r(seed) % (sizeof likely - 1)];
    }
    text[length] = '\0';
}

static void each_hostile_entry(void (*check)(const struct log_entry *entry))
{
    char sentence[600], value[400];
    for (unsigned seed = 1; seed <= 2000; seed++) {
        unsigned number = seed;
        fill_with_anything(sentence, number % sizeof sentence, &number);
        fill_with_anything(value, number % sizeof value, &number);
        struct log_subject subject = { .agent = value, .record = value, .trace = value };
        struct log_entry entry = entry_of(&subject, sentence);
        check(&entry);
    }
}

static void expect_an_object(const struct log_entry *entry)
{
    json_decref(as_json(entry, 4096));
}

static void test_json_is_an_object_of_utf8_on_one_line_whatever_comes_in(void **state)
{
    (void)state;
    each_hostile_entry(expect_an_object);
}

static void test_a_json_line_too_long_is_cut_in_its_message_and_stays_an_object(void **state)
{
    char sentence[LOG_SENTENCE_MAX + 1];
    (void)state;
    memset(sentence, '"', sizeof sentence - 1);
    sentence[sizeof sentence - 1] = '\0';
    struct log_entry entry = entry_of(&everything, sentence);
    json_t *object = as_json(&entry, 2000);
    assert_member(object, "appeal", "a-91");
    assert_true(json_string_length(json_object_get(object, "message")) > 500);
    json_decref(object);
}

static void test_a_json_line_whose_subject_is_too_long_goes_without(void **state)
{
    char value[LOG_VALUE_MAX + 1];
    (void)state;
    memset(value, '\\', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    struct log_subject subject = { .appeal = value, .agent = value, .queue = value };
    struct log_entry entry = entry_of(&subject, "cannot be read");
    json_t *object = as_json(&entry, 500);
    assert_null(json_object_get(object, "appeal"));
    assert_member(object, "code", "record-refused");
    json_decref(object);
}

static void test_a_sentence_is_cut_between_two_characters(void **state)
{
    char sentence[LOG_SENTENCE_MAX + 100] = "x";
    (void)state;
    for (size_t i = 1; i + 2 < sizeof sentence; i += 2)
        memcpy(sentence + i, "\xc3\xa9", 3);
    struct log_entry entry = entry_of(NULL, sentence);
    json_t *object = as_json(&entry, 4096);
    assert_int_equal(json_string_length(json_object_get(object, "message")), LOG_SENTENCE_MAX - 1);
    json_decref(object);
}

/* ---- the journal ---- */

/* Reads the fields as https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ says; fails where they are none.
 */
static json_t *read_fields(const struct buffer *datagram)
{
    json_t *fields = json_object();
    const char *at = datagram->data, *end = at + datagram->length;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(line_end);
        const char *equals = memchr(at, '=', (size_t)(line_end - at));
        const char *name_end = equals ? equals : line_end, *value = name_end + 1;
        uint64_t length = (uint64_t)(line_end - value);
        if (!equals) {
            assert_true(end - value >= 8);
            memcpy(&length, value, sizeof length);
            length = le64toh(length);
            value += sizeof length;
        }
        assert_true((uint64_t)(end - value) > length && value[length] == '\n');
        for (const char *c = at; c < name_end; c++)
            assert_true(isupper((unsigned char)*c) || (*c == '_' && c > at));
        json_object_set_new(fields, strndupa(at, (size_t)(name_end - at)),
                            json_stringn(value, length));
        at = value + length + 1;
    }
    return fields;
}

static json_t *as_fields(const struct log_entry *entry)
{
    struct buffer datagram = { 0 };
    log_encode_journal(entry, &datagram);
    json_t *fields = read_fields(&datagram);
    buffer_done(&datagram);
    return fields;
}

static void test_the_journal_gets_a_field_for_each_thing_that_the_entry_is_about(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(&everything, "cannot be read");
    entry.repeat_count = 3;
    json_t *fields = as_fields(&entry);
    assert_member(fields, "MESSAGE_ID", message_get(MESSAGE_record_refused)->id);
    assert_member(fields, "CODE", "record-refused");
    assert_member(fields, "PRIORITY", "4");
    assert_member(fields, "SYSLOG_IDENTIFIER", "appeal-routerd");
    assert_member(fields, "REPEATS_LEFT_OUT", "3");
    assert_member(fields, "SHARD", "main");
    assert_member(fields, "TOPIC", "appeals");
    assert_member(fields, "PARTITION", "3");
    assert_member(fields, "OFFSET", "4711");
    assert_member(fields, "APPEAL", "a-91");
    assert_member(fields, "AGENT", "ana");
    assert_member(fields, "TRACE", "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_non_null(
        strstr(json_string_value(json_object_get(fields, "MESSAGE")), ": cannot be read (3 rep"));
    json_decref(fields);
}

static void test_the_journal_keeps_the_lines_of_a_message_in_one_field(void **state)
{
    (void)state;
    struct log_entry entry = entry_of(NULL, "one\nPRIORITY=0\ntwo");
    json_t *fields = as_fields(&entry);
    assert_member(fields, "MESSAGE", "one\nPRIORITY=0\ntwo");
    assert_member(fields, "PRIORITY", "4");
    json_decref(fields);
}

static void test_no_value_makes_a_field_of_its_own(void **state)
{
    (void)state;
    struct log_subject subject = { .agent = "x\nPRIORITY=0\n" };
    struct log_entry entry = entry_of(&subject, "cannot be read");
    json_t *fields = as_fields(&entry);
    assert_member(fields, "AGENT", "x?PRIORITY=0?");
    assert_member(fields, "PRIORITY", "4");
    json_decref(fields);
}

static void expect_fields(const struct log_entry *entry)
{
    json_t *fields = as_fields(entry);
    assert_member(fields, "CODE", "record-refused");
    assert_non_null(json_object_get(fields, "MESSAGE")); /* NULL if it were no UTF-8 */
    json_decref(fields);
}

static void test_fields_are_sound_whatever_comes_in(void **state)
{
    (void)state;
    each_hostile_entry(expect_fields);
}

/* ---- the table ---- */

static void test_each_message_has_an_id_of_its_own_and_is_found_by_its_code(void **state)
{
    char code[MESSAGE_CODE_SIZE];
    (void)state;
    for (enum message message = 0; message < MESSAGE_COUNT; message++) {
        enum message found;
        const char *id = message_get(message)->id;
        assert_int_equal(strlen(id), 32);
        assert_int_equal(strspn(id, "0123456789abcdef"), 32);
        for (enum message other = 0; other < message; other++)
            assert_string_not_equal(id, message_get(other)->id);
        assert_true(message_find(message_code(message, code), &found));
        assert_int_equal(found, message);
    }
    assert_false(message_find("shard_stopped", &(enum message){ 0 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_has_the_subject_first_and_the_code_last),
        cmocka_unit_test(test_text_tells_how_many_repeats_were_left_out),
        cmocka_unit_test(test_text_shows_no_control_character_and_no_broken_one),
        cmocka_unit_test(test_json_has_a_member_for_each_thing_that_the_entry_is_about),
        cmocka_unit_test(test_json_counts_repeats_in_a_member_of_their_own),
        cmocka_unit_test(test_json_is_an_object_of_utf8_on_one_line_whatever_comes_in),
        cmocka_unit_test(test_a_json_line_too_long_is_cut_in_its_message_and_stays_an_object),
        cmocka_unit_test(test_a_json_line_whose_subject_is_too_long_goes_without),
        cmocka_unit_test(test_a_sentence_is_cut_between_two_characters),
        cmocka_unit_test(test_the_journal_gets_a_field_for_each_thing_that_the_entry_is_about),
        cmocka_unit_test(test_the_journal_keeps_the_lines_of_a_message_in_one_field),
        cmocka_unit_test(test_no_value_makes_a_field_of_its_own),
        cmocka_unit_test(test_fields_are_sound_whatever_comes_in),
        cmocka_unit_test(test_each_message_has_an_id_of_its_own_and_is_found_by_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

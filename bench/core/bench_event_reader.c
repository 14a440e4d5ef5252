/* What it costs to read one event, beside what jansson takes to parse the same bytes. */
#include <aro/event.h>

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 9, READS_A_ROUND = 100000 };

static const struct sample {
    const char *name;
    enum aro_topic_kind topic_kind;
    const char *value;
} samples[] = {
    { "an appeal with what is required", ARO_TOPIC_APPEALS,
      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"a-0000001\",\"market\":\"BR\","
      "\"languages\":[\"pt-BR\"],\"reason\":\"fraud\"}" },
    { "an appeal of 380 bytes", ARO_TOPIC_APPEALS,
      "{\"type\":\"appeal.submitted\",\"appeal_id\":\"a-0000001\",\"market\":\"BR\","
      "\"languages\":[\"pt-BR\",\"en\"],\"reason\":\"fraud\","
      "\"subject\":{\"type\":\"listing\",\"id\":\"l-77123\"},"
      "\"decision\":{\"id\":\"d-512345\",\"decided_by\":\"agent-017\","
      "\"decided_at\":\"2026-11-20T08:00:00Z\",\"policy\":\"fraud-2\"},"
      "\"submitted_at\":\"2026-11-22T10:00:00.123Z\",\"effort\":2,\"priority\":3,"
      "\"attributes\":{\"value\":899,\"seller_tier\":\"gold\"}}" },
    { "an appeal with a statement of 2 KiB", ARO_TOPIC_APPEALS, NULL },
    { "an agent", ARO_TOPIC_AGENTS,
      "{\"type\":\"agent.updated\",\"agent_id\":\"agent-017\",\"capacity\":8,"
      "\"languages\":[\"pt-BR\",{\"tag\":\"es\",\"level\":3}],\"markets\":[\"BR\",\"PT\"],"
      "\"queues\":[\"fraud-latam\",\"general\"],\"skills\":{\"fraud\":3},\"team\":\"latam-1\","
      "\"site\":\"sao-paulo\",\"status\":\"available\"}" },
    { "a decision", ARO_TOPIC_REVIEWS,
      "{\"type\":\"appeal.decided\",\"appeal_id\":\"a-0000001\",\"outcome\":\"overturned\","
      "\"agent_id\":\"agent-017\",\"epoch\":1,\"decided_at\":\"2026-11-22T12:00:00Z\"}" },
};

/* The appellant's own words, which nobody asks for and some send all the same. */
static char *value_with_statement(void)
{
    static const char start[] = "{\"type\":\"appeal.submitted\",\"appeal_id\":\"a-0000001\","
                                "\"market\":\"BR\",\"languages\":[\"pt-BR\"],\"reason\":\"fraud\","
                                "\"statement\":\"";
    static const char words[] = "N\xc3\xa3o fui eu quem vendeu isso, e posso provar. ";
    char *value = malloc(sizeof start + 2048 + sizeof words + 8);
    assert(value);
    strcpy(value, start);
    while (strlen(value) < sizeof start + 2048)
        strcat(value, words);
    return strcat(value, "\"}");
}

static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static void read_ours(struct aro_event_reader *reader, const struct aro_message *message)
{
    const struct aro_event *event;
    struct aro_error error;
    if (aro_event_read(reader, message, &event, &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
}

static void read_theirs(const struct aro_message *message)
{
    json_t *json = json_loadb(message->value, message->value_length, JSON_REJECT_DUPLICATES, NULL);
    assert(json);
    json_decref(json);
}

/* The best round, in ns a read: what else runs on the machine can only add. @reader NULL: jansson.
 */
static double measure(struct aro_event_reader *reader, const struct aro_message *message)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        int reads = reader ? READS_A_ROUND : READS_A_ROUND / 10;
        double start = now_ns();
        for (int i = 0; i < reads; i++) {
            if (reader)
                read_ours(reader, message);
            else
                read_theirs(message);
        }
        double each = (now_ns() - start) / reads;
        best = each < best ? each : best;
    }
    return best;
}

int main(void)
{
    struct aro_languages *languages;
    struct aro_event_reader *reader;
    char *statement = value_with_statement();
    if (aro_languages_new(&languages) < 0 || aro_event_reader_new(languages, &reader) < 0)
        return 1;

    printf("%-38s %6s %12s %12s\n", "event", "bytes", "read, ns", "jansson, ns");
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const char *value = samples[i].value ? samples[i].value : statement;
        const struct aro_message message = { .topic_kind = samples[i].topic_kind,
                                             .value = value,
                                             .value_length = strlen(value) };
        printf("%-38s %6zu %12.0f %12.0f\n", samples[i].name, message.value_length,
               measure(reader, &message), measure(NULL, &message));
    }
    aro_event_reader_free(reader);
    aro_languages_free(languages);
    free(statement);
    return 0;
}

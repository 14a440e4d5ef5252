/* The writer and the membership against librdkafka's mock cluster: not for what Kafka does (that is
 * tried on a real one) but for errors that a real broker gives at no test's bidding. */
#include "kafka/batch.h"
#include "kafka/membership.h"
#include "kafka/writer.h"

#include "cmocka_headers.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRODUCE = 0, END_TXN = 26, TXN_OFFSET_COMMIT = 28, DEADLINE_SECONDS = 60 };

/* Brokers: of the group and of the ledger, so that neither's answers wait for the other's. */
enum { COORDINATOR = 1, LEADER, BROKER_COUNT = 2 };

/* What a test waits for. */
enum happening { ASSIGNED, LEFT, JOB_DONE, STILL_ALIVE, HAPPENING_COUNT };

struct world {
    rd_kafka_t *host; /* the mock cluster lives in it */
    rd_kafka_mock_cluster_t *cluster;
    rd_kafka_t *reads_with;
    struct event_base *base;
    struct config config;
    struct config_shard shard;
    struct membership *membership;
    struct writer *writer;
    struct term *term;
    bool has_happened[HAPPENING_COUNT];
    enum writer_job job_done;
    enum writer_verdict verdict;
    struct aro_error error;
    int64_t claim_offset;
    int32_t source_partitions;
    uint64_t seq;
};

static void on_assigned(const int32_t *partitions, size_t count, struct term *term, void *context)
{
    struct world *world = context;
    assert_int_equal(count, 1);
    assert_int_equal(partitions[0], 0);
    term_unref(world->term);
    world->term = term_ref(term);
    world->has_happened[ASSIGNED] = true;
}

static void on_revoked(bool is_lost, void *context)
{
    struct world *world = context;
    (void)is_lost;
    membership_release(world->membership);
}

static void on_left(void *context)
{
    struct world *world = context;
    world->has_happened[LEFT] = true;
}

static void on_fenced(const char *text, void *context)
{
    (void)context;
    fail_msg("fenced: %s", text);
}

static void on_done(struct writer_result *result, void *context)
{
    struct world *world = context;

    world->job_done = result->job;
    world->verdict = result->verdict;
    world->error = result->error;
    if (result->job == WRITER_CLAIM && result->verdict == WRITER_DONE) {
        world->claim_offset = result->claim_offset;
        assert_int_equal(result->topics.topic_count, 3);
        world->source_partitions = result->topics.topics[0].partition_count;
    }
    batch_free(result->batch);
    world->has_happened[JOB_DONE] = true;
}

static void on_deadline(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what, (void)context;
    fail_msg("nothing came in time");
}

static void wait_for(struct world *world, enum happening happening)
{
    const struct timeval deadline = { .tv_sec = DEADLINE_SECONDS };
    struct event *timer = evtimer_new(world->base, on_deadline, world);

    evtimer_add(timer, &deadline);
    while (!world->has_happened[happening])
        event_base_loop(world->base, EVLOOP_ONCE);
    world->has_happened[happening] = false;
    event_free(timer);
}

static char appeals_topic[] = "appeals", agents_topic[] = "agents", reviews_topic[] = "reviews";
static char *appeals[] = { appeals_topic }, *agents[] = { agents_topic },
            *reviews[] = { reviews_topic };

static void fill_config(struct world *world)
{
    world->shard = (struct config_shard){ .name = (char *)"main",
                                          .appeals = { 1, appeals },
                                          .agents = { 1, agents },
                                          .reviews = { 1, reviews },
                                          .assignments = (char *)"assignments",
                                          .outcomes = (char *)"outcomes",
                                          .dead_letters = (char *)"dead" };
    world->config = (struct config){
        .instance = (char *)"router-a",
        .kafka = { .bootstrap_servers = (char *)rd_kafka_mock_cluster_bootstraps(world->cluster),
                   .group = (char *)"group",
                   .session_timeout = { 60 * 1000 } },
        .ledger_topic = (char *)"ledger",
        .shards = { 1, &world->shard },
    };
}

static void create_topics(struct world *world)
{
    static const char *const names[] = { "appeals",  "agents", "reviews", "assignments",
                                         "outcomes", "dead",   "ledger" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(rd_kafka_mock_topic_create(world->cluster, names[i], 1, 1), 0);
    rd_kafka_mock_partition_set_leader(world->cluster, "ledger", 0, LEADER);
    rd_kafka_mock_coordinator_set(world->cluster, "group", "group", COORDINATOR);
}

/* As a shard's reader, which follows the ledger. The caller's. */
static rd_kafka_t *reader_consumer_new(const struct world *world)
{
    rd_kafka_topic_partition_list_t *followed = rd_kafka_topic_partition_list_new(1);
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set(conf, "bootstrap.servers", world->config.kafka.bootstrap_servers, text,
                      sizeof text);
    rd_kafka_conf_set(conf, "group.id", "unused", text, sizeof text);
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    rd_kafka_topic_partition_list_add(followed, "ledger", 0)->offset = 0;
    rd_kafka_assign(consumer, followed);
    rd_kafka_topic_partition_list_destroy(followed);
    return consumer;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    const struct membership_callbacks callbacks = { .on_assigned = on_assigned,
                                                    .on_revoked = on_revoked,
                                                    .on_left = on_left,
                                                    .on_fenced = on_fenced,
                                                    .context = world };
    struct aro_error error;
    char text[256];

    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "socket.nagle.disable", "true", text, sizeof text);
    world->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    world->cluster = rd_kafka_mock_cluster_new(world->host, BROKER_COUNT);
    world->base = event_base_new();
    create_topics(world);
    fill_config(world);
    assert_int_equal(
        membership_new(world->base, &world->config, 1, &callbacks, &world->membership, &error), 0);
    assert_int_equal(writer_new(world->base, &world->config, &world->shard, world->membership,
                                on_done, world, &world->writer, &error),
                     0);
    world->reads_with = reader_consumer_new(world);
    assert_int_equal(membership_join(world->membership, &error), 0);
    wait_for(world, ASSIGNED);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    writer_free(world->writer);
    rd_kafka_destroy(world->reads_with);
    membership_leave(world->membership);
    wait_for(world, LEFT);
    membership_free(world->membership);
    term_unref(world->term);
    event_base_free(world->base);
    rd_kafka_mock_cluster_destroy(world->cluster);
    rd_kafka_destroy(world->host);
    free(world);
    return 0;
}

static void claim_knowing(struct world *world, int64_t ledger_next)
{
    struct writer_claim claim = { .term = world->term,
                                  .reads_with = world->reads_with,
                                  .ledger_next = ledger_next,
                                  .is_new_term = false };

    strcpy(claim.owner.instance, "router-a");
    strcpy(claim.owner.group, "group");
    strcpy(claim.owner.claim, "claim-1");
    writer_claim(world->writer, &claim);
    wait_for(world, JOB_DONE);
    assert_int_equal(world->job_done, WRITER_CLAIM);
}

static void claim(struct world *world)
{
    claim_knowing(world, 0);
}

/* Until it finds them: what librdkafka believes in has to be found out to be old first. */
static void find_ends(struct world *world)
{
    time_t deadline = time(NULL) + 60;

    do {
        assert_true(time(NULL) < deadline);
        writer_find_ends(world->writer, world->reads_with);
        wait_for(world, JOB_DONE);
        assert_int_equal(world->job_done, WRITER_ENDS);
    } while (world->verdict != WRITER_DONE);
}

static void test_who_has_claimed_nothing_finds_the_ends_too(void **state)
{
    struct world *world = *state;

    find_ends(world);
}

static void test_ends_are_found_where_the_leaders_are_by_now(void **state)
{
    struct world *world = *state;

    for (int32_t id = 1; id <= BROKER_COUNT; id++) {
        rd_kafka_mock_partition_set_leader(world->cluster, "appeals", 0, id);
        rd_kafka_mock_partition_set_leader(world->cluster, "ledger", 0, id);
        find_ends(world);
    }
}

/* A batch with a positions record and one offset. */
static void begin_commit(struct world *world)
{
    static const char positions[] = "{\"v\":1}";
    struct batch *batch = batch_new();

    batch->positions = strdup(positions);
    batch->seq = ++world->seq;
    batch->offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(batch->offsets, "appeals", 0)->offset = (int64_t)world->seq;
    writer_commit(world->writer, batch);
}

static void commit(struct world *world)
{
    begin_commit(world);
    wait_for(world, JOB_DONE);
    assert_int_equal(world->job_done, WRITER_COMMIT);
}

static void assert_works(struct world *world)
{
    claim(world);
    assert_int_equal(world->verdict, WRITER_DONE);
    for (int i = 0; i < 4; i++) { /* both producers, twice */
        commit(world);
        assert_int_equal(world->verdict, WRITER_DONE);
    }
}

static void test_a_claim_finds_the_sources_and_batches_follow_it(void **state)
{
    struct world *world = *state;

    claim(world);
    assert_int_equal(world->verdict, WRITER_DONE);
    assert_true(world->claim_offset >= 0);
    assert_int_equal(world->source_partitions, 1);
    commit(world);
    assert_int_equal(world->verdict, WRITER_DONE);
    commit(world);
    assert_int_equal(world->verdict, WRITER_DONE);
}

/* Watches the writer of a test; @drops counts how often its silence was broken. */
struct listener {
    struct world *world;
    int64_t silence_ms;
    unsigned drops;
};

static void listen_to_writer(evutil_socket_t descriptor, short what, void *context)
{
    struct listener *listener = context;
    int64_t silence_ms = writer_silence_ms(listener->world->writer);
    (void)descriptor, (void)what;

    if (silence_ms < listener->silence_ms && ++listener->drops == 3)
        listener->world->has_happened[STILL_ALIVE] = true;
    listener->silence_ms = silence_ms;
}

static void test_a_writer_gets_on_while_kafka_does_not_answer(void **state)
{
    static const struct timeval interval = { .tv_usec = 20000 };
    struct world *world = *state;
    struct listener listener = { .world = world };
    struct event *timer = event_new(world->base, -1, EV_PERSIST, listen_to_writer, &listener);

    claim(world);
    assert_int_equal(writer_silence_ms(world->writer), 0);
    for (int32_t id = 1; id <= BROKER_COUNT; id++)
        rd_kafka_mock_broker_set_down(world->cluster, id);
    begin_commit(world);
    event_add(timer, &interval);
    wait_for(world, STILL_ALIVE);
    event_free(timer);
    for (int32_t id = 1; id <= BROKER_COUNT; id++)
        rd_kafka_mock_broker_set_up(world->cluster, id);
    wait_for(world, JOB_DONE);
    assert_int_equal(world->job_done, WRITER_COMMIT);
    assert_int_equal(writer_silence_ms(world->writer), 0);
}

static void test_a_group_that_refuses_the_offsets_has_given_the_shard_away(void **state)
{
    struct world *world = *state;
    static const rd_kafka_resp_err_t rows[] = {
        RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
        RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        claim(world);
        rd_kafka_mock_push_request_errors(world->cluster, TXN_OFFSET_COMMIT, 1, rows[i]);
        commit(world);
        assert_int_equal(world->verdict, WRITER_NOT_OWNER);
    }
    assert_works(world);
}

static void test_what_kafka_will_never_take_is_refused_with_the_topics_name(void **state)
{
    struct world *world = *state;

    claim(world);
    rd_kafka_mock_push_request_errors(world->cluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    commit(world);
    assert_int_equal(world->verdict, WRITER_REFUSED);
    assert_non_null(strstr(world->error.message, "topic ledger"));
    assert_works(world);
}

static void test_a_batch_that_the_ledger_takes_before_its_known_end_is_not_committed(void **state)
{
    struct world *world = *state;

    claim_knowing(world, 1000);
    assert_int_equal(world->verdict, WRITER_DONE);
    commit(world);
    assert_int_equal(world->verdict, WRITER_LEDGER_LOST);
    assert_non_null(strstr(world->error.message, "but it went up to 1000 before"));
    assert_works(world);
}

/* As a broker says that has been begun anew meanwhile: it has the records, and forgot where. */
static void test_a_ledger_that_does_not_tell_where_it_took_a_batch_is_not_lost(void **state)
{
    struct world *world = *state;

    claim_knowing(world, 1);
    rd_kafka_mock_push_request_errors(world->cluster, PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
    commit(world);
    assert_int_equal(world->verdict, WRITER_DONE);
    assert_works(world);
}

static void test_what_may_pass_is_tried_again_until_it_is_committed(void **state)
{
    struct world *world = *state;
    uint64_t begun = writer_begun_count(world->writer);
    uint64_t aborted = writer_aborted_count(world->writer);

    claim(world);
    rd_kafka_mock_push_request_errors(world->cluster, TXN_OFFSET_COMMIT, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    commit(world);
    assert_int_equal(world->verdict, WRITER_DONE);
    rd_kafka_mock_push_request_errors(world->cluster, END_TXN, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR__TRANSPORT);
    commit(world);
    assert_int_equal(world->verdict, WRITER_DONE);
    assert_int_equal(writer_begun_count(world->writer) - begun,
                     2 + writer_aborted_count(world->writer) - aborted);
    assert_works(world);
}

static void test_a_producer_that_died_leaves_its_batch_in_doubt(void **state)
{
    struct world *world = *state;
    static const struct {
        int16_t api_key;
        rd_kafka_resp_err_t err;
    } rows[] = {
        { END_TXN,
          RD_KAFKA_RESP_ERR_INVALID_TXN_STATE }, /* so a transaction the broker timed out */
        { END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED },
        { END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH },
        { PRODUCE, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        claim(world);
        rd_kafka_mock_push_request_errors(world->cluster, rows[i].api_key, 1, rows[i].err);
        commit(world);
        assert_int_equal(world->verdict, WRITER_IN_DOUBT);
    }
    assert_works(world);
}

/* Its destruction then leaks in librdkafka, which tests/support/leak_sanitizer.c knows of. */
static void test_a_producer_may_die_before_its_offsets_are_answered(void **state)
{
    struct world *world = *state;

    claim(world);
    rd_kafka_mock_broker_push_request_error_rtts(world->cluster, COORDINATOR, TXN_OFFSET_COMMIT, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, 2000);
    rd_kafka_mock_broker_push_request_error_rtts(
        world->cluster, LEADER, PRODUCE, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 500);
    commit(world);
    assert_int_equal(world->verdict, WRITER_IN_DOUBT);
    assert_works(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_claim_finds_the_sources_and_batches_follow_it),
        cmocka_unit_test(test_who_has_claimed_nothing_finds_the_ends_too),
        cmocka_unit_test(test_ends_are_found_where_the_leaders_are_by_now),
        cmocka_unit_test(test_a_group_that_refuses_the_offsets_has_given_the_shard_away),
        cmocka_unit_test(test_what_kafka_will_never_take_is_refused_with_the_topics_name),
        cmocka_unit_test(test_a_batch_that_the_ledger_takes_before_its_known_end_is_not_committed),
        cmocka_unit_test(test_a_ledger_that_does_not_tell_where_it_took_a_batch_is_not_lost),
        cmocka_unit_test(test_what_may_pass_is_tried_again_until_it_is_committed),
        cmocka_unit_test(test_a_producer_that_died_leaves_its_batch_in_doubt),
        cmocka_unit_test(test_a_producer_may_die_before_its_offsets_are_answered),
        /* Last: the group may have forgotten us afterwards. */
        cmocka_unit_test(test_a_writer_gets_on_while_kafka_does_not_answer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

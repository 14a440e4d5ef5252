#include "shard/ledger_fold.h"

#include "cmocka_headers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rulebook_text[] = "rulebook: r.1\n"
                                    "queues: { general: {} }\n"
                                    "rules: [{ name: all, route: { queue: general } }]\n";

struct world {
    struct aro_languages *languages;
    struct aro_rulebook *rulebook;
    struct aro_router *router;
    struct ledger_fold fold;
    struct aro_error error;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_int_equal(aro_languages_new(&world->languages), 0);
    assert_int_equal(aro_rulebook_parse(rulebook_text, sizeof rulebook_text - 1, world->languages,
                                        &world->rulebook, &world->error),
                     0);
    assert_int_equal(aro_router_new(world->languages, world->rulebook, &world->router), 0);
    ledger_fold_init(&world->fold, world->router, "group");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    ledger_fold_done(&world->fold);
    aro_router_free(world->router);
    aro_rulebook_free(world->rulebook);
    aro_languages_free(world->languages);
    free(world);
    return 0;
}

static int fold(struct world *world, const char *key, const char *value)
{
    enum ledger_record_kind kind;
    return ledger_fold_record(&world->fold, key, strlen(key), value, strlen(value), &kind,
                              &world->error);
}

static int fold_claim(struct world *world, const char *claim, const char *group)
{
    struct aro_owner owner = { .time = { 1 } };
    snprintf(owner.instance, sizeof owner.instance, "router-a");
    snprintf(owner.group, sizeof owner.group, "%s", group);
    snprintf(owner.claim, sizeof owner.claim, "%s", claim);
    char *text = aro_owner_format(&owner);
    int r = fold(world, ARO_LEDGER_KEY_OWNER, text);
    free(text);
    return r;
}

static int fold_transaction(struct world *world, const char *claim, uint64_t seq)
{
    struct aro_positions positions = { .seq = seq, .time = { (int64_t)seq } };
    snprintf(positions.claim, sizeof positions.claim, "%s", claim);
    char *text = aro_positions_format(&positions);
    int r = fold(world, ARO_LEDGER_KEY_POSITIONS, text);
    free(text);
    return r;
}

/* An agent's record as the router itself writes it. */
static int fold_agent(struct world *world, const char *id)
{
    char key[64];
    snprintf(key, sizeof key, "agent:%s", id);
    return fold(world, key,
                "{\"v\":1,\"capacity\":3,\"languages\":[\"es\"],\"markets\":[\"*\"],\"status\":"
                "\"available\"}");
}

static bool knows(const struct world *world, const char *id)
{
    struct aro_agent_view view;
    return aro_router_agent_view(world->router, id, &view) && view.is_known;
}

static void test_a_standby_folds_what_others_write(void **state)
{
    struct world *world = *state;

    assert_int_equal(fold_claim(world, "theirs", "group"), 0);
    assert_int_equal(fold_transaction(world, "theirs", 1), 0);
    assert_int_equal(fold_agent(world, "ana"), 0);
    assert_true(knows(world, "ana"));
    assert_string_equal(world->fold.owner.claim, "theirs");
    assert_int_equal(world->fold.positions.seq, 1);
}

static void test_an_owner_passes_over_its_own_records(void **state)
{
    struct world *world = *state;

    assert_int_equal(fold_claim(world, "ours", "group"), 0);
    ledger_fold_begin_work(&world->fold, "ours");
    assert_int_equal(fold_transaction(world, "ours", 1), 0);
    assert_int_equal(fold_agent(world, "ana"), 0);
    assert_false(knows(world, "ana"));
    assert_int_equal(world->fold.seen_seq, 1);
}

static void test_a_later_claim_of_the_group_means_that_the_shard_is_lost(void **state)
{
    struct world *world = *state;

    ledger_fold_begin_work(&world->fold, "ours");
    assert_int_equal(fold_claim(world, "ours", "group"), 0); /* claimed again to resolve a doubt */
    assert_int_equal(fold_claim(world, "theirs", "group"), -EPERM);
}

static void test_another_group_or_a_transaction_without_a_claim_is_an_error(void **state)
{
    struct world *world = *state;

    ledger_fold_begin_work(&world->fold, "ours");
    assert_int_equal(fold_claim(world, "theirs", "strangers"), -EINVAL);
    assert_non_null(strstr(world->error.message, "strangers"));
    assert_int_equal(fold_transaction(world, "theirs", 1), -EINVAL);
}

static void test_after_a_loss_only_what_was_not_settled_is_folded(void **state)
{
    struct world *world = *state;
    struct aro_positions settled = { .seq = 2 };

    ledger_fold_begin_work(&world->fold, "ours");
    ledger_fold_settle(&world->fold, 2, &settled);
    ledger_fold_end_work(&world->fold);
    assert_int_equal(fold_transaction(world, "ours", 2), 0);
    assert_int_equal(fold_agent(world, "settled"), 0);
    assert_false(knows(world, "settled"));
    assert_int_equal(fold_transaction(world, "ours", 3), 0); /* was in doubt: it did commit */
    assert_int_equal(fold_agent(world, "in-doubt"), 0);
    assert_true(knows(world, "in-doubt"));
    assert_int_equal(fold_transaction(world, "theirs", 1), 0);
    assert_int_equal(fold_agent(world, "theirs"), 0);
    assert_true(knows(world, "theirs"));
}

static void test_what_the_router_cannot_read_is_an_error_that_names_it(void **state)
{
    struct world *world = *state;

    assert_int_equal(fold(world, "agent:ana", "{\"v\":99}"), -EINVAL);
    assert_int_equal(fold(world, "no-such-kind:1", "{\"v\":1}"), -EINVAL);
    assert_int_equal(fold(world, "positions", "{\"v\":99}"), -EINVAL);
    assert_non_null(strstr(world->error.message, "version 99"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_standby_folds_what_others_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_owner_passes_over_its_own_records, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_later_claim_of_the_group_means_that_the_shard_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_another_group_or_a_transaction_without_a_claim_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_a_loss_only_what_was_not_settled_is_folded,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_the_router_cannot_read_is_an_error_that_names_it,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

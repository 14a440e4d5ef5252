#include "cmocka_headers.h"

#include "kafka/client.h"
#include "kafka/sender.h"

static char servers[] = "127.0.0.1:1", group[] = "router", instance[] = "a", password[] = "secret";
static char protocol_name[] = "security.protocol", protocol[] = "SASL_PLAINTEXT";
static char mechanism_name[] = "sasl.mechanism", mechanism[] = "PLAIN";
static char username_name[] = "sasl.username", username[] = "router";

static struct config_property properties[] = {
    { protocol_name, protocol },
    { mechanism_name, mechanism },
    { username_name, username },
};

static const struct config config = {
    .instance = instance,
    .kafka = { .bootstrap_servers = servers,
               .group = group,
               .password = password,
               .properties = { sizeof properties / sizeof *properties, properties } },
};

static void test_a_password_is_not_given_to_a_sender_that_is_gone(void **state)
{
    struct sender *sender, *other;
    struct aro_error error;
    (void)state;

    assert_int_equal(sender_new(&config, &sender, &error), 0);
    assert_int_equal(sender_new(&config, &other, &error), 0);
    sender_free(sender);
    client_renew_password(&config);
    sender_free(other);
    client_renew_password(&config);
}

static void test_what_nobody_takes_holds_nobody_up(void **state)
{
    struct sender *sender;
    struct aro_error error;
    (void)state;

    assert_int_equal(sender_new(&config, &sender, &error), 0);
    for (int i = 0; i < 3000; i++) /* more than it keeps */
        sender_send(sender, "appeals", "a-1", "{}", 2);
    sender_poll(sender);
    sender_free(sender);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_password_is_not_given_to_a_sender_that_is_gone),
        cmocka_unit_test(test_what_nobody_takes_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

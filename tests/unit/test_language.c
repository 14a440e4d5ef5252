#include "cmocka_headers.h"

#include <aro/language.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int languages_setup(void **state)
{
    struct aro_languages *languages;
    if (aro_languages_new(&languages) < 0)
        return -1;
    *state = languages;
    return 0;
}

static int languages_teardown(void **state)
{
    aro_languages_free(*state);
    return 0;
}

static const struct aro_language *intern(void **state, const char *tag)
{
    const struct aro_language *language = NULL;
    struct aro_error error = { 0 };
    if (aro_languages_intern(*state, tag, &language, &error) < 0)
        fail_msg("'%s': %s", tag, error.message);
    return language;
}

/* Who may serve whom. Both ways each, since equality has no direction. */
static void test_an_agent_serves_equal_language_and_script_only(void **state)
{
    static const struct {
        const char *agent, *appeal;
        bool serves;
    } rows[] = {
        /* the same language, whatever the region */
        { "pt", "pt", true },
        { "pt-BR", "pt-BR", true },
        { "pt-BR", "pt-PT", true },
        { "pt", "pt-AO", true },
        { "en-US", "en-GB", true },
        { "en-001", "en-AU", true },
        { "es", "es-419", true },
        { "es-MX", "es-ES", true },
        { "fr-CA", "fr", true },
        { "de-CH", "de-AT", true },
        { "ar-EG", "ar-SA", true },
        { "nl-BE", "nl", true },
        /* other spellings of one language */
        { "no", "nb", true },
        { "no-NO", "nb", true },
        { "nb-NO", "no", true },
        { "iw", "he", true },
        { "iw-IL", "he", true },
        { "in", "id", true },
        { "in-ID", "id-ID", true },
        { "ji", "yi", true },
        { "jw", "jv", true },
        { "mo", "ro", true },
        { "mo-MD", "ro-RO", true },
        { "tl", "fil", true },
        { "tl-PH", "fil-PH", true },
        { "cmn", "zh", true },
        { "cmn-Hant", "zh-TW", true },
        { "cmn-TW", "zh-Hant", true },
        { "zh-cmn-Hans", "zh", true },
        { "zh-cmn", "zh-CN", true },
        { "zh-yue", "yue", true },
        { "zh-min-nan", "nan", true },
        { "i-klingon", "tlh", true },
        { "sh", "sr-Latn", true },
        { "cnr", "sr-Latn", true },
        { "swc", "sw", true },
        { "prs", "fa", true },
        { "arb", "ar", true },
        { "zsm", "ms", true },
        { "eng", "en", true },
        { "por", "pt", true },
        { "zho", "zh", true },
        { "EN-gb", "en-GB", true },
        { "PT-br", "pt", true },
        { "zh-hANT-tw", "zh-TW", true },
        /* extensions and variants are wishes about form */
        { "en-US-u-hc-h12", "en", true },
        { "de-1996", "de", true },
        { "ca-valencia", "ca", true },
        { "fr-x-team", "fr", true },
        /* the script that the region lets expect */
        { "zh", "zh-Hans", true },
        { "zh-CN", "zh-SG", true },
        { "zh-TW", "zh-Hant", true },
        { "zh-HK", "zh-TW", true },
        { "zh-MO", "zh-Hant-HK", true },
        { "zh-Hans-TW", "zh-CN", true },
        { "zh-Hant-CN", "zh-TW", true },
        { "sr", "sr-Cyrl", true },
        { "sr-RS", "sr-Cyrl-BA", true },
        { "sr-ME", "sr-Latn", true },
        { "uz", "uz-Latn", true },
        { "uz-AF", "uz-Arab", true },
        { "pa-PK", "pa-Arab", true },
        { "az", "az-Latn-AZ", true },
        { "az-IR", "az-Arab", true },
        { "mn-CN", "mn-Mong", true },
        { "ru-UA", "ru", true },
        { "en-Latn", "en", true },
        /* another script is another trade */
        { "zh-Hans", "zh-Hant", false },
        { "zh-CN", "zh-TW", false },
        { "zh", "zh-HK", false },
        { "zh-SG", "zh-MO", false },
        { "cmn", "zh-TW", false },
        { "sr", "sr-Latn", false },
        { "sr-Cyrl", "sh", false },
        { "sr-RS", "sr-ME", false },
        { "uz", "uz-Cyrl", false },
        { "az", "az-Cyrl", false },
        { "pa", "pa-PK", false },
        { "mn", "mn-CN", false },
        { "en", "en-Dsrt", false },
        /* neighbours that a distance matcher would take */
        { "ru", "uk", false },
        { "ru", "be", false },
        { "ru-UA", "uk-UA", false },
        { "es", "ca", false },
        { "es", "gl", false },
        { "es", "pt", false },
        { "nb", "nn", false },
        { "no", "nn", false },
        { "nb", "da", false },
        { "sv", "nb", false },
        { "hr", "sr-Latn", false },
        { "bs", "hr", false },
        { "sr-Latn", "bs", false },
        { "cs", "sk", false },
        { "id", "ms", false },
        { "zh", "yue", false },
        { "zh-TW", "yue", false },
        { "de", "gsw", false },
        { "nl", "af", false },
        { "fa", "ps", false },
        { "hi", "ur", false },
        { "hi", "mr", false },
        { "tr", "az", false },
        { "en", "sco", false },
        { "fr", "ht", false },
        { "he", "yi", false },
        { "ar", "arz", false },
        { "pt", "gl", false },
        { "ja", "zh", false },
        { "ro", "it", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct aro_language *agent = intern(state, rows[i].agent);
        const struct aro_language *appeal = intern(state, rows[i].appeal);
        if (aro_language_serves(agent, appeal) != rows[i].serves ||
            aro_language_serves(appeal, agent) != rows[i].serves)
            fail_msg("%s (%s) %s %s (%s)", agent->tag, agent->base,
                     rows[i].serves ? "does not serve" : "serves", appeal->tag, appeal->base);
    }
}

static void test_a_tag_is_written_in_its_canonical_form(void **state)
{
    static const struct {
        const char *given, *tag, *base, *region;
    } rows[] = {
        { "pt-br", "pt-BR", "pt-Latn", "BR" },
        { "no", "nb", "nb-Latn", "" },
        { "no-NO", "nb-NO", "nb-Latn", "NO" },
        { "iw", "he", "he-Hebr", "" },
        { "zh-TW", "zh-TW", "zh-Hant", "TW" },
        { "zh", "zh", "zh-Hans", "" },
        { "zh-Hant-TW", "zh-Hant-TW", "zh-Hant", "TW" },
        { "cmn-tw", "zh-TW", "zh-Hant", "TW" },
        { "sr", "sr", "sr-Cyrl", "" },
        { "sr-latn", "sr-Latn", "sr-Latn", "" },
        { "sh", "sr-Latn", "sr-Latn", "" },
        { "sh-BA", "sr-Latn-BA", "sr-Latn", "BA" },
        { "sh-Cyrl", "sr-Cyrl", "sr-Cyrl", "" },
        { "cnr", "sr-ME", "sr-Latn", "ME" },
        { "es-419", "es-419", "es-Latn", "419" },
        { "en-uk", "en-GB", "en-Latn", "GB" },
        { "pt-076", "pt-BR", "pt-Latn", "BR" },
        { "de-DD", "de-DE", "de-Latn", "DE" },
        { "ru-SU", "ru-SU", "ru-Cyrl", "SU" },
        { "en-US-u-hc-h12", "en-US", "en-Latn", "US" },
        { "tlh", "tlh", "tlh", "" },
        { "qaa-Latn", "qaa-Latn", "qaa-Latn", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct aro_language *language = intern(state, rows[i].given);
        assert_string_equal(language->tag, rows[i].tag);
        assert_string_equal(language->base, rows[i].base);
        assert_string_equal(language->region, rows[i].region);
    }
}

static void test_what_names_no_language_is_refused(void **state)
{
    static const char *const rows[] = {
        "",       "a",       "1",     "en_US",   "en--US", "en-",  "-en",  "pt BR",  "x-team",
        "und",    "und-BR",  "mul",   "mis",     "zxx",    "root", "abcd", "portug", "de-DE-DE",
        "en-a-b", "en-US-u", "es-41", "pt-BR\n", "p\xc3t", "*",    "en-x", "C",      "POSIX",
    };
    char endless[3000];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';

    const struct aro_language *language = NULL;
    struct aro_error error;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        error = (struct aro_error){ 0 };
        if (aro_languages_intern(*state, rows[i], &language, &error) != -EINVAL)
            fail_msg("'%s' was taken for a language", rows[i]);
        assert_string_not_equal(error.message, "");
    }
    assert_int_equal(aro_languages_intern(*state, endless, &language, NULL), -EINVAL);
    assert_null(language);
}

static void test_equal_languages_are_the_same_pointer(void **state)
{
    const struct aro_language *norwegian = intern(state, "no");
    assert_ptr_equal(intern(state, "nb"), norwegian);
    assert_ptr_equal(intern(state, "NO"), norwegian);
    assert_ptr_not_equal(intern(state, "nb-NO"), norwegian);
    assert_int_equal(intern(state, "nb-NO")->base_id, norwegian->base_id);
    assert_int_not_equal(intern(state, "nb-NO")->id, norwegian->id);
}

static void test_ids_are_dense_from_zero(void **state)
{
    static const char *const tags[] = { "fr", "fr-CA", "FR", "de", "fr-ca", "sr", "sr-Latn" };
    static const struct {
        uint32_t id, base_id;
    } expected[] = { { 0, 0 }, { 1, 0 }, { 0, 0 }, { 2, 1 }, { 1, 0 }, { 3, 2 }, { 4, 3 } };

    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        const struct aro_language *language = intern(state, tags[i]);
        assert_int_equal(language->id, expected[i].id);
        assert_int_equal(language->base_id, expected[i].base_id);
    }
}

/* The nth tag of two letters or three; there are more than enough. */
static void nth_tag(unsigned n, char ret[4])
{
    ret[0] = (char)('a' + n % 26);
    ret[1] = (char)('a' + n / 26 % 26);
    ret[2] = (char)('a' + n / 676 % 26);
    ret[3] = '\0';
}

static void test_input_cannot_grow_the_table_without_bound(void **state)
{
    const struct aro_language *language;
    const struct aro_language *portuguese = intern(state, "pt-BR");
    char tag[16], language_part[4];
    int r = 0, refused = 0;

    for (unsigned n = 0; n < 24000; n++) {
        nth_tag(n % 17000, language_part);
        snprintf(tag, sizeof tag, "%s%s", language_part, n < 17000 ? "" : "-BR");
        r = aro_languages_intern(*state, tag, &language, NULL);
        refused += r == -ENOSPC;
    }
    assert_int_equal(r, -ENOSPC);
    assert_in_range(refused, 1000, 4001);
    assert_ptr_equal(intern(state, "pt-BR"), portuguese);
    assert_ptr_equal(intern(state, "PT-br-u-hc-h12"), portuguese);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_agent_serves_equal_language_and_script_only,
                                        languages_setup, languages_teardown),
        cmocka_unit_test_setup_teardown(test_a_tag_is_written_in_its_canonical_form,
                                        languages_setup, languages_teardown),
        cmocka_unit_test_setup_teardown(test_what_names_no_language_is_refused, languages_setup,
                                        languages_teardown),
        cmocka_unit_test_setup_teardown(test_equal_languages_are_the_same_pointer, languages_setup,
                                        languages_teardown),
        cmocka_unit_test_setup_teardown(test_ids_are_dense_from_zero, languages_setup,
                                        languages_teardown),
        cmocka_unit_test_setup_teardown(test_input_cannot_grow_the_table_without_bound,
                                        languages_setup, languages_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

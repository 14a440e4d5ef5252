/* A rulebook is accepted and then works, or refused with a place and a sentence. */
#include "fuzz_target.h"

#include "rules/rulebook.h"

#include <aro/lint.h>

#include <assert.h>
#include <errno.h>

/* Matches something, whatever the appeal has or lacks. */
static void match(const struct aro_rulebook *rulebook, struct aro_languages *languages)
{
    static const char *const texts[] = { "gold", "new" };
    struct aro_attribute attributes[] = {
        { .name = aro_text_of("seller_tier"),
          .kind = ARO_ATTRIBUTE_LIST,
          .texts = texts,
          .text_count = 2 },
        { .name = aro_text_of("value"), .kind = ARO_ATTRIBUTE_NUMBER, .number = 500 },
    };
    const struct aro_language *language;
    struct aro_route route;

    int r = aro_languages_intern(languages, "pt-BR", &language, NULL);
    assert(r == 0);
    struct aro_facts full = { .appeal_id = "a",
                              .market = aro_text_of("BR"),
                              .reason = aro_text_of("fraud"),
                              .tier = 2,
                              .effort = 1,
                              .languages = &language,
                              .language_count = 1,
                              .attributes = attributes,
                              .attribute_count = 2 };
    aro_rulebook_match(rulebook, &full, &route);
    assert(route.queue && route.rule);
    aro_rulebook_match(rulebook, &(struct aro_facts){ 0 }, &route);
    assert(route.queue && route.rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aro_languages *languages = NULL;
    struct aro_rulebook *rulebook = NULL;
    struct aro_lint *lint = NULL;
    struct aro_error error = { 0 };

    int r = aro_languages_new(&languages);
    assert(r == 0);
    r = rulebook_parse_checking(CHECK_HIDDEN, (const char *)data, size, languages, &rulebook,
                                &error);
    assert(r == 0 || (r == -EINVAL && error.message[0] && !rulebook));
    if (r == 0) {
        match(rulebook, languages);
        r = aro_lint_new(rulebook, &lint);
        assert(r == 0);
        aro_lint_run(lint);
        aro_lint_free(lint);
    }
    aro_rulebook_free(rulebook);
    aro_languages_free(languages);
    return 0;
}

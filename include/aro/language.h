/* Languages as people are hired for them: by language and script, with the region as a wish.
 *
 * A tag (BCP 47) is made canonical by CLDR through ICU ("iw" is "he", "no" is "nb", "cmn" is "zh")
 * and completed by likely subtags ("zh-TW" is "zh-Hant" of region TW), once, when it first comes
 * by. After that a language is a pointer, and two are compared by comparing numbers. */
#ifndef ARO_LANGUAGE_H
#define ARO_LANGUAGE_H

#include <aro/error.h>

#include <stdbool.h>
#include <stdint.h>

struct aro_language {
    const char *tag;  /* canonical, as written in outputs: "pt-BR", "zh-Hant-TW" as given, "nb" */
    uint32_t id;      /* dense, from 0: one a canonical tag */
    uint32_t base_id; /* dense, from 0: one a pair of language and script */
    const char *base; /* "pt-Latn", "zh-Hant" */
    char region[4];   /* "BR", "419"; empty where the tag names none */
};

/* The table of languages met so far. Not safe for several threads. */
struct aro_languages;

int aro_languages_new(struct aro_languages **ret);
void aro_languages_free(struct aro_languages *languages);

/* Finds or adds @tag. *@ret lives as long as @languages and is the same pointer for equal
 * canonical tags. -EINVAL where @tag is not well-formed BCP 47 or not a language; -ENOSPC past
 * 20,000 distinct tags (input must not grow memory without bound); -ENOMEM. */
int aro_languages_intern(struct aro_languages *languages, const char *tag,
                         const struct aro_language **ret, struct aro_error *reterr);

/* May someone hired for @agent serve an appeal in @appeal: equal language and script. */
static inline bool aro_language_serves(const struct aro_language *agent,
                                       const struct aro_language *appeal)
{
    return agent->base_id == appeal->base_id;
}

#endif

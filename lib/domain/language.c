#include <aro/language.h>

#include "support/cleanup.h"
#include "support/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uloc.h>
#include <unicode/ures.h>

enum {
    LANGUAGES_MAX = 20000,
    SPELLINGS_MAX = 20000,
    TAG_LENGTH_MAX = 128,
    LOCALE_SIZE = ULOC_FULLNAME_CAPACITY,
    ALIASES_MAX = 4, /* one may lead to another; CLDR's chains are of one or two */
};

/* A language and script, shared by all of its regions. */
struct base {
    uint32_t id;
    char name[24];
};

/* The language comes first, so that what the table gives out is also where it lives. */
struct language_entry {
    struct aro_language language;
    char tag[24];
};

/* A tag as somebody wrote it, in lower case: spares ICU each time but the first. */
struct spelling {
    const struct aro_language *language;
    char text[];
};

struct aro_languages {
    struct table spellings, entries, bases;
    UResourceBundle *language_aliases, *territory_aliases; /* of CLDR's supplemental metadata */
};

/* The parts of a tag that say whom to hire, and the region as a wish. */
struct parts {
    char language[ULOC_LANG_CAPACITY];
    char script[ULOC_SCRIPT_CAPACITY];
    char region[ULOC_COUNTRY_CAPACITY];
};

static const char *spelling_key(const void *item)
{
    return ((const struct spelling *)item)->text;
}

static const char *entry_key(const void *item)
{
    return ((const struct language_entry *)item)->tag;
}

static const char *base_key(const void *item)
{
    return ((const struct base *)item)->name;
}

/* Opens @path of CLDR's metadata, as "alias/language". NULL where this ICU has it not. */
static UResourceBundle *open_aliases(const char *kind)
{
    UErrorCode status = U_ZERO_ERROR;
    UResourceBundle *metadata = ures_openDirect(NULL, "metadata", &status);
    UResourceBundle *aliases = ures_getByKey(metadata, "alias", NULL, &status);
    aliases = ures_getByKey(aliases, kind, aliases, &status);
    ures_close(metadata);
    if (U_SUCCESS(status))
        return aliases;
    ures_close(aliases);
    return NULL;
}

int aro_languages_new(struct aro_languages **ret)
{
    CLEANUP(freep) struct aro_languages *languages = calloc(1, sizeof *languages);
    if (!languages)
        return -ENOMEM;
    languages->language_aliases = open_aliases("language");
    languages->territory_aliases = open_aliases("territory");
    table_init(&languages->spellings, spelling_key);
    table_init(&languages->entries, entry_key);
    table_init(&languages->bases, base_key);
    *ret = TAKE(languages);
    return 0;
}

static void table_free_items(struct table *table)
{
    size_t position = 0;
    for (void *item; (item = table_next(table, &position));)
        free(item);
    table_done(table);
}

void aro_languages_free(struct aro_languages *languages)
{
    if (!languages)
        return;
    table_free_items(&languages->spellings);
    table_free_items(&languages->entries);
    table_free_items(&languages->bases);
    ures_close(languages->language_aliases);
    ures_close(languages->territory_aliases);
    free(languages);
}

/* Cuts an ICU locale id into its parts; false where one of them is too long to be one. */
static bool parts_split(const char *locale, struct parts *ret)
{
    UErrorCode status = U_ZERO_ERROR;
    uloc_getLanguage(locale, ret->language, sizeof ret->language, &status);
    uloc_getScript(locale, ret->script, sizeof ret->script, &status);
    uloc_getCountry(locale, ret->region, sizeof ret->region, &status);
    return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}

/* "zh_Hant_TW" or "pt-BR", by @separator, of the parts that are there. */
static void parts_join(const struct parts *parts, char separator, char *ret)
{
    ret = stpcpy(ret, parts->language);
    if (*parts->script) {
        *ret++ = separator;
        ret = stpcpy(ret, parts->script);
    }
    if (*parts->region) {
        *ret++ = separator;
        stpcpy(ret, parts->region);
    }
}

/* Writes what CLDR says to use in place of @key; false where it says nothing. */
static bool find_alias(const UResourceBundle *aliases, const char *key, char ret[LOCALE_SIZE])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = LOCALE_SIZE;

    if (!aliases)
        return false;
    UResourceBundle *alias = ures_getByKey(aliases, key, NULL, &status);
    if (U_SUCCESS(status))
        ures_getUTF8StringByKey(alias, "replacement", ret, &length, true, &status);
    ures_close(alias);
    return U_SUCCESS(status);
}

/* CLDR 39 made `no` the parent of `nb` and dropped the alias between them; BCP 47 still has both,
 * and to us a Norwegian appeal that names no written form is one in Bokmål. */
static bool find_own_alias(const char *language, char ret[LOCALE_SIZE])
{
    if (strcmp(language, "no") != 0)
        return false;
    strcpy(ret, "nb");
    return true;
}

/* A replacement may name a script or region ("sh" is "sr_Latn"); what the tag itself says holds. */
static void parts_follow_aliases(const struct aro_languages *languages, struct parts *parts)
{
    char text[LOCALE_SIZE];
    struct parts other;

    for (int i = 0; i < ALIASES_MAX; i++) {
        if (!find_own_alias(parts->language, text) &&
            !find_alias(languages->language_aliases, parts->language, text))
            break;
        if (!parts_split(text, &other))
            break;
        strcpy(parts->language, other.language);
        if (!*parts->script)
            strcpy(parts->script, other.script);
        if (!*parts->region)
            strcpy(parts->region, other.region);
    }
    /* A region that was split has several successors ("SU"): none of them is the tag's word. */
    if (*parts->region && find_alias(languages->territory_aliases, parts->region, text) &&
        strlen(text) < sizeof parts->region)
        strcpy(parts->region, text);
}

/* Codes that BCP 47 knows but that name no language one could hire for. */
static bool names_no_language(const char *language)
{
    static const char *const codes[] = { "", "und", "mul", "mis", "zxx" };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(language, codes[i]) == 0)
            return true;
    }
    return strlen(language) > 3; /* reserved and never used; also ICU's "root" */
}

static int parts_parse(const struct aro_languages *languages, const char *tag, struct parts *ret,
                       struct aro_error *reterr)
{
    char locale[LOCALE_SIZE];
    int32_t parsed = 0;
    UErrorCode status = U_ZERO_ERROR;

    uloc_forLanguageTag(tag, locale, sizeof locale, &parsed, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING ||
        (size_t)parsed != strlen(tag) || !parts_split(locale, ret))
        return aro_error_set(reterr, -EINVAL, "not a well-formed language tag");
    parts_follow_aliases(languages, ret);
    if (names_no_language(ret->language))
        return aro_error_set(reterr, -EINVAL, "a tag that names no language");
    return 0;
}

/* The language and script of @parts, completed by CLDR's likely subtags. Where it knows none, the
 * language stands alone. */
static void base_name(const struct parts *parts, char ret[static 24])
{
    char locale[LOCALE_SIZE], likely[LOCALE_SIZE];
    struct parts full;
    UErrorCode status = U_ZERO_ERROR;

    parts_join(parts, '_', locale);
    uloc_addLikelySubtags(locale, likely, sizeof likely, &status);
    if (U_FAILURE(status) || !parts_split(likely, &full))
        full = *parts;
    full.region[0] = '\0';
    parts_join(&full, '-', ret);
}

static int find_base(struct aro_languages *languages, const struct parts *parts,
                     const struct base **ret)
{
    char name[24];

    base_name(parts, name);
    struct base *base = table_find(&languages->bases, name);
    if (!base) {
        base = calloc(1, sizeof *base);
        if (!base)
            return -ENOMEM;
        base->id = (uint32_t)languages->bases.count;
        strcpy(base->name, name);
        table_add(&languages->bases, base);
    }
    *ret = base;
    return 0;
}

static int entry_new(struct aro_languages *languages, const struct parts *parts, const char *tag,
                     const struct aro_language **ret)
{
    const struct base *base;
    int r = find_base(languages, parts, &base);
    if (r < 0)
        return r;
    struct language_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return -ENOMEM;
    strcpy(entry->tag, tag);
    entry->language = (struct aro_language){
        .tag = entry->tag,
        .id = (uint32_t)languages->entries.count,
        .base_id = base->id,
        .base = base->name,
    };
    strcpy(entry->language.region, parts->region);
    table_add(&languages->entries, entry);
    *ret = &entry->language;
    return 0;
}

static int find_entry(struct aro_languages *languages, const struct parts *parts,
                      const struct aro_language **ret, struct aro_error *reterr)
{
    char tag[24];

    parts_join(parts, '-', tag);
    const struct language_entry *entry = table_find(&languages->entries, tag);
    if (entry) {
        *ret = &entry->language;
        return 0;
    }
    if (languages->entries.count >= LANGUAGES_MAX)
        return aro_error_set(reterr, -ENOSPC, "more than %d different languages", LANGUAGES_MAX);
    return entry_new(languages, parts, tag, ret);
}

/* Once the table is full ICU is asked each time again: slower, and still right. */
static void remember_spelling(struct aro_languages *languages, const char *text,
                              const struct aro_language *language)
{
    if (languages->spellings.count >= SPELLINGS_MAX)
        return;
    struct spelling *spelling = malloc(sizeof *spelling + strlen(text) + 1);
    if (!spelling)
        return;
    spelling->language = language;
    strcpy(spelling->text, text);
    table_add(&languages->spellings, spelling);
}

/* Case means nothing in a tag. False where @tag is too long to be one. */
static bool lower_case(const char *tag, char ret[static TAG_LENGTH_MAX + 1])
{
    size_t length = 0;
    for (; tag[length]; length++) {
        if (length == TAG_LENGTH_MAX)
            return false;
        char c = tag[length];
        ret[length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    ret[length] = '\0';
    return true;
}

int aro_languages_intern(struct aro_languages *languages, const char *tag,
                         const struct aro_language **ret, struct aro_error *reterr)
{
    char text[TAG_LENGTH_MAX + 1];
    struct parts parts;

    if (!lower_case(tag, text))
        return aro_error_set(reterr, -EINVAL, "not a well-formed language tag");
    const struct spelling *spelling = table_find(&languages->spellings, text);
    if (spelling) {
        *ret = spelling->language;
        return 0;
    }
    int r = parts_parse(languages, text, &parts, reterr);
    if (r < 0)
        return r;
    r = find_entry(languages, &parts, ret, reterr);
    if (r < 0)
        return r;
    remember_spelling(languages, text, *ret);
    return 0;
}

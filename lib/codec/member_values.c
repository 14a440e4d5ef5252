#include "codec/member_values.h"

#include "codec/event_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { MARKET_LENGTH_MAX = 64, TIME_ZONE_LENGTH_MAX = 64 };

int member_read_id(const struct reading *reading, const struct place *place,
                   const struct member *member, const struct json_node *node, void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = reading_check_id(reading, place, node->text, node->length, ARO_ID_LENGTH_MAX);
    if (r == 0)
        *(const char **)member_value(member, target) = node->text;
    return r;
}

int member_read_prose(const struct reading *reading, const struct place *place,
                      const struct member *member, const struct json_node *node, void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        *(const char **)member_value(member, target) = node->text;
    return r;
}

int member_read_text(const struct reading *reading, const struct place *place,
                     const struct member *member, const struct json_node *node, void *target)
{
    int r = member_read_prose(reading, place, member, node, target);
    return r < 0 ? r : reading_expect_some(reading, place, node->length);
}

int reading_check_market(const struct reading *reading, const struct place *place,
                         const struct json_node *node)
{
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    return r < 0 ? r
                 : reading_check_id(reading, place, node->text, node->length, MARKET_LENGTH_MAX);
}

int member_read_market(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    int r = reading_check_market(reading, place, node);
    if (r == 0)
        *(const char **)member_value(member, target) = node->text;
    return r;
}

int member_read_instant(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    if (aro_instant_parse(node->text, member_value(member, target)) < 0)
        return reading_refuse(reading, place, ARO_ERROR_FIELD,
                              "is not a time with zone by RFC 3339, as 2026-11-22T10:00:00Z");
    return 0;
}

/* An integer as one writes it: neither 1.0 nor 1e2. */
static int take_integer(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, int64_t *ret)
{
    int r = reading_expect(reading, place, node, JSON_NODE_NUMBER);
    if (r < 0)
        return r;
    if (!node->is_integer)
        return reading_refuse(reading, place, ARO_ERROR_FIELD,
                              "must be an integer, without fraction and exponent");
    int64_t value;
    if (!json_node_integer(node, &value) || value < member->minimum || value > member->maximum)
        return reading_refuse(reading, place, ARO_ERROR_FIELD, "must be from %lld to %lld",
                              (long long)member->minimum, (long long)member->maximum);
    *ret = value;
    return 0;
}

int member_read_unsigned(const struct reading *reading, const struct place *place,
                         const struct member *member, const struct json_node *node, void *target)
{
    int64_t value;
    int r = take_integer(reading, place, member, node, &value);
    if (r == 0)
        *(unsigned *)member_value(member, target) = (unsigned)value;
    return r;
}

int member_read_epoch(const struct reading *reading, const struct place *place,
                      const struct member *member, const struct json_node *node, void *target)
{
    int64_t value;
    int r = take_integer(reading, place, member, node, &value);
    if (r == 0)
        *(uint64_t *)member_value(member, target) = (uint64_t)value;
    return r;
}

int member_read_bool(const struct reading *reading, const struct place *place,
                     const struct member *member, const struct json_node *node, void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_BOOL);
    if (r == 0)
        *(bool *)member_value(member, target) = node->boolean;
    return r;
}

static void join_words(const char *const *words, char *ret, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; words[i] && length < size; i++)
        length += (size_t)snprintf(ret + length, size - length, "%s%s", i ? ", " : "", words[i]);
}

int member_read_word(const struct reading *reading, const struct place *place,
                     const struct member *member, const struct json_node *node, void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    for (unsigned i = 0; member->words[i]; i++) {
        if (strcmp(member->words[i], node->text) == 0) {
            *(unsigned *)member_value(member, target) = i;
            return 0;
        }
    }
    char words[128];
    join_words(member->words, words, sizeof words);
    return reading_refuse(reading, place, ARO_ERROR_FIELD, "must be one of %s", words);
}

int member_read_time_zone(const struct reading *reading, const struct place *place,
                          const struct member *member, const struct json_node *node, void *target)
{
    UChar id[TIME_ZONE_LENGTH_MAX + 1], canonical[TIME_ZONE_LENGTH_MAX * 2];
    UBool is_known = false;
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = 0;

    int r = member_read_text(reading, place, member, node, target);
    if (r < 0)
        return r;
    u_strFromUTF8(id, TIME_ZONE_LENGTH_MAX + 1, &length, node->text, (int32_t)node->length,
                  &status);
    ucal_getCanonicalTimeZoneID(id, length, canonical, TIME_ZONE_LENGTH_MAX * 2, &is_known,
                                &status);
    if (U_FAILURE(status) || !is_known)
        return reading_refuse(reading, place, ARO_ERROR_FIELD,
                              "is not a time zone of the IANA database, as America/Sao_Paulo");
    return 0;
}

int reading_language(const struct reading *reading, const struct place *place,
                     const struct json_node *node, const struct aro_language **ret)
{
    struct aro_error error = { 0 };
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    r = aro_languages_intern(reading->memory->languages, node->text, ret, &error);
    if (r == -EINVAL)
        return reading_refuse(reading, place, ARO_ERROR_FIELD, "is %s", error.message);
    if (r == -ENOSPC)
        return reading_refuse(reading, place, ARO_ERROR_LIMIT, "is one too many: %s",
                              error.message);
    return r;
}

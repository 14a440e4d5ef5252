#include <aro/time.h>

#include "support/decimal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MS_A_SECOND = 1000, MS_A_MINUTE = 60 * 1000, MS_AN_HOUR = 3600 * 1000 };
#define MS_A_DAY INT64_C(86400000)

/* Days from 1970-01-01 to a civil date, and back: Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", for years from 1970 on. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    days += 719468;
    int64_t era = days / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *ret_day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *ret_month = shifted < 10 ? shifted + 3 : shifted - 9;
    *ret_year = (int64_t)year_of_era + era * 400 + (*ret_month <= 2);
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads exactly @count digits at *@text and moves past them; -1 where there are fewer. */
static int take_digits(const char **text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return -1;
        value = value * 10 + (**text - '0');
    }
    return value;
}

static bool take_char(const char **text, const char *accepted)
{
    for (; *accepted; accepted++) {
        if (**text == *accepted) {
            (*text)++;
            return true;
        }
    }
    return false;
}

/* Reads ".123456" where there is one; digits past milliseconds are cut. -1 where it is malformed.
 */
static int take_fraction(const char **text)
{
    if (!take_char(text, "."))
        return 0;
    int ms = 0, digits = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
        if (digits < 3)
            ms = ms * 10 + (**text - '0');
    }
    if (digits == 0 || digits > 18)
        return -1;
    for (; digits < 3; digits++)
        ms *= 10;
    return ms;
}

/* Reads "Z", "+01:00" or "-03:00" to minutes east; false where there is none. */
static bool take_zone(const char **text, int *ret_minutes)
{
    if (take_char(text, "Zz")) {
        *ret_minutes = 0;
        return true;
    }
    int sign = **text == '-' ? -1 : 1;
    if (!take_char(text, "+-"))
        return false;
    int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take_char(text, ":"))
        return false;
    int minutes = take_digits(text, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *ret_minutes = sign * (hours * 60 + minutes);
    return true;
}

int aro_instant_parse(const char *text, struct aro_instant *ret)
{
    int zone_minutes;
    int year = take_digits(&text, 4);
    if (year < 1970 || !take_char(&text, "-"))
        return -EINVAL;
    int month = take_digits(&text, 2);
    if (month < 1 || month > 12 || !take_char(&text, "-"))
        return -EINVAL;
    int day = take_digits(&text, 2);
    if (day < 1 || (unsigned)day > days_in_month(year, (unsigned)month) || !take_char(&text, "Tt "))
        return -EINVAL;
    int hour = take_digits(&text, 2);
    if (hour < 0 || hour > 23 || !take_char(&text, ":"))
        return -EINVAL;
    int minute = take_digits(&text, 2);
    if (minute < 0 || minute > 59 || !take_char(&text, ":"))
        return -EINVAL;
    int second = take_digits(&text, 2);
    if (second < 0 || second > 60) /* 60: a leap second, counted as the next second's start */
        return -EINVAL;
    int ms = take_fraction(&text);
    if (ms < 0 || !take_zone(&text, &zone_minutes) || *text)
        return -EINVAL;

    int64_t at = days_from_civil(year, (unsigned)month, (unsigned)day) * MS_A_DAY +
                 (int64_t)hour * MS_AN_HOUR + (int64_t)minute * MS_A_MINUTE +
                 (int64_t)second * MS_A_SECOND + ms - (int64_t)zone_minutes * MS_A_MINUTE;
    if (at < 0)
        return -EINVAL;
    ret->ms = at;
    return 0;
}

size_t aro_instant_format(struct aro_instant at, char buffer[static ARO_INSTANT_TEXT_SIZE])
{
    static const char shape[] = "0000-00-00T00:00:00.000Z";
    int64_t since_1970 = at.ms > 0 ? at.ms : 0, year;
    uint32_t of_day = (uint32_t)(since_1970 % MS_A_DAY), ms = of_day % MS_A_SECOND;
    unsigned month, day;

    civil_from_days(since_1970 / MS_A_DAY, &year, &month, &day);
    memcpy(buffer, shape, sizeof shape);
    decimal_write_pair(buffer, (uint32_t)(year / 100 % 100));
    decimal_write_pair(buffer + 2, (uint32_t)(year % 100));
    decimal_write_pair(buffer + 5, month);
    decimal_write_pair(buffer + 8, day);
    decimal_write_pair(buffer + 11, of_day / MS_AN_HOUR);
    decimal_write_pair(buffer + 14, of_day / MS_A_MINUTE % 60);
    decimal_write_pair(buffer + 17, of_day / MS_A_SECOND % 60);
    decimal_write_pair(buffer + 20, ms / 10);
    buffer[22] = (char)('0' + ms % 10);
    return sizeof shape - 1;
}

int aro_span_parse(const char *text, struct aro_span *ret)
{
    int64_t value = 0, unit;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value <= ARO_SPAN_DAYS_MAX * MS_A_DAY) /* beyond, it is too long in any unit */
            value = value * 10 + (*text - '0');
    }
    if (text[0] == 'm' && text[1] == 's') {
        unit = 1;
        text++;
    } else {
        switch (*text) {
        case 's': unit = MS_A_SECOND; break;
        case 'm': unit = MS_A_MINUTE; break;
        case 'h': unit = MS_AN_HOUR; break;
        case 'd': unit = MS_A_DAY; break;
        default: return -EINVAL;
        }
    }
    if (text[1] != '\0')
        return -EINVAL;
    if (value > ARO_SPAN_DAYS_MAX * MS_A_DAY / unit)
        return -ERANGE;
    ret->ms = value * unit;
    return 0;
}

void aro_span_format(struct aro_span span, char buffer[static ARO_SPAN_TEXT_SIZE])
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = { { "d", MS_A_DAY },
                  { "h", MS_AN_HOUR },
                  { "m", MS_A_MINUTE },
                  { "s", MS_A_SECOND },
                  { "ms", 1 } };
    size_t i = 0;
    while (units[i].ms > 1 && (span.ms < units[i].ms || span.ms % units[i].ms != 0))
        i++;
    snprintf(buffer, ARO_SPAN_TEXT_SIZE, "%" PRId64 "%s", span.ms / units[i].ms, units[i].name);
}

struct aro_instant aro_instant_add(struct aro_instant at, struct aro_span span)
{
    if (aro_instant_is_never(at) || span.ms > INT64_MAX - 1 - at.ms)
        return ARO_INSTANT_NEVER;
    return (struct aro_instant){ .ms = at.ms + span.ms };
}

/* How long it takes to find the rule of an appeal, and to read a rulebook: printed as a table.
 *
 * Eight fields with 60, 40, 200, 12, 5, 8, 30 and 16 values, chosen by Zipf's law. A regime says
 * how likely a rule leaves each field open. In "worst" no rule but the last ever matches, though in
 * each column alone half of all rules would: nothing can be skipped. */
#include <aro/rulebook.h>

#include "rules/hidden.h"
#include "rules/rule_index.h"
#include "rules/rulebook.h"
#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/document.h"
#include "support/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIELDS = 8, EVENTS = 256, ROUNDS = 50, MATCHES = 40960, QUEUES = 50, TEXT_SIZE = 24 };

DEFINE_CLEANUP(struct aro_rulebook, aro_rulebook_free)
DEFINE_CLEANUP(struct document, document_free)

static const struct {
    const char *name;
    unsigned value_count;
} fields[FIELDS] = {
    { "market", 60 },           { "language", 40 },           { "reason", 200 },
    { "decision.policy", 12 },  { "attributes.severity", 5 }, { "attributes.channel", 8 },
    { "attributes.group", 30 }, { "attributes.source", 16 },
};

static const struct {
    const char *name;
    double open[FIELDS];
    bool never_matches;
} regimes[] = {
    { "broad", { .15, .25, .35, .45, .55, .65, .75, .85 }, false },
    { "operator", { .05, .15, .2, .4, .5, .6, .7, .8 }, false },
    { "narrow", { .02, .05, .05, .2, .3, .4, .5, .6 }, false },
    { "worst", { .05, .15, .2, .4, .5, .6, .7, .8 }, true },
};

static const char *const tags[40] = {
    "en", "pt", "es", "de", "fr", "id", "nb",  "ar", "ja", "it", "nl", "sv", "da", "fi",
    "pl", "cs", "sk", "hu", "ro", "bg", "el",  "tr", "ru", "uk", "he", "hi", "bn", "ta",
    "te", "th", "vi", "ko", "zh", "ms", "fil", "sw", "et", "lv", "lt", "sl",
};

/* --- chance: the same on every run --- */

static uint64_t chance_state;

static double chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (double)(chance_state >> 11) / 9007199254740992.0;
}

static unsigned zipf(unsigned count)
{
    static double weights[FIELDS][256];
    static unsigned counts[FIELDS];
    unsigned table = 0;
    while (counts[table] && counts[table] != count)
        table++;
    if (!counts[table]) {
        counts[table] = count;
        for (unsigned i = 0; i < count; i++)
            weights[table][i] = (i ? weights[table][i - 1] : 0) + 1.0 / (i + 1);
    }
    double place = chance() * weights[table][count - 1];
    unsigned i = 0;
    while (weights[table][i] < place)
        i++;
    return i;
}

static void format_value(unsigned field, unsigned value, char text[static TEXT_SIZE])
{
    if (field == 0)
        snprintf(text, TEXT_SIZE, "%c%c", 'A' + value / 8, 'A' + value % 8 * 3);
    else if (field == 1)
        snprintf(text, TEXT_SIZE, "%s", tags[value]);
    else
        snprintf(text, TEXT_SIZE, "%s-%u",
                 strrchr(fields[field].name, '.') ? strrchr(fields[field].name, '.') + 1
                                                  : fields[field].name,
                 value);
}

/* --- rulebooks --- */

static void write_rule(struct buffer *out, size_t regime, unsigned index)
{
    char text[TEXT_SIZE];
    const char *between = "";

    buffer_add_format(out, "  - { name: rule-%u, when: { ", index);
    for (unsigned field = 0; field < FIELDS; field++) {
        if (chance() < regimes[regime].open[field])
            continue;
        unsigned list = field > 0 && chance() < .1 ? 2 : 1;
        buffer_add_format(out, "%s%s: %s", between, fields[field].name, list > 1 ? "[" : "");
        for (unsigned i = 0; i < list; i++) {
            format_value(field, zipf(fields[field].value_count), text);
            buffer_add_format(out, "%s%s", i ? ", " : "", text);
        }
        buffer_add_text(out, list > 1 ? "]" : "");
        between = ", ";
    }
    if (chance() < .1) {
        buffer_add_format(out, "%sattributes.value: { at_least: %u }", between,
                          (unsigned)(chance() * 500));
        between = ", ";
    }
    if (regimes[regime].never_matches)
        buffer_add_format(out, "%stier: %u, effort: %u", between, 1 + index % 2, 2 - index % 2);
    buffer_add_format(out, " }, route: { queue: q%u } }\n", index % QUEUES);
}

static void write_rulebook(struct buffer *out, size_t regime, unsigned rule_count)
{
    chance_state = 88172645463325252u;
    buffer_clear(out);
    buffer_add_text(out, "rulebook: bench\nqueues: { q0: {}");
    for (unsigned i = 1; i < QUEUES; i++)
        buffer_add_format(out, ", q%u: {}", i);
    buffer_add_text(out, " }\nrules:\n");
    for (unsigned i = 0; i + 1 < rule_count; i++)
        write_rule(out, regime, i);
    buffer_add_text(out, "  - { name: rest, route: { queue: q0 } }\n");
}

/* --- appeals --- */

struct event {
    struct aro_facts facts;
    char texts[FIELDS][TEXT_SIZE];
    struct aro_text keys[FIELDS];
    const struct aro_language *language;
    struct aro_attribute attributes[5]; /* sorted: channel, group, severity, source, value */
};

static struct aro_attribute text_attribute(const char *name, const struct aro_text *text)
{
    return (struct aro_attribute){ .name = aro_text_of(name),
                                   .kind = ARO_ATTRIBUTE_TEXT,
                                   .text = *text };
}

static void choose_event(struct aro_languages *languages, struct event *event)
{
    for (unsigned field = 0; field < FIELDS; field++) {
        format_value(field, zipf(fields[field].value_count), event->texts[field]);
        event->keys[field] = aro_text_of(event->texts[field]);
    }
    if (aro_languages_intern(languages, event->texts[1], &event->language, NULL) < 0)
        abort();
    event->attributes[0] = text_attribute("channel", &event->keys[5]);
    event->attributes[1] = text_attribute("group", &event->keys[6]);
    event->attributes[2] = text_attribute("severity", &event->keys[4]);
    event->attributes[3] = text_attribute("source", &event->keys[7]);
    event->attributes[4] = (struct aro_attribute){ .name = aro_text_of("value"),
                                                   .kind = ARO_ATTRIBUTE_NUMBER,
                                                   .number = chance() * 500 };
    event->facts = (struct aro_facts){ .appeal_id = "a",
                                       .market = event->keys[0],
                                       .language_count = 1,
                                       .languages = &event->language,
                                       .reason = event->keys[2],
                                       .tier = 1,
                                       .effort = 1,
                                       .decision_policy = event->keys[3],
                                       .attribute_count = 5,
                                       .attributes = event->attributes };
}

/* Of this process alone: others may share the machine. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Nanoseconds a call of @step, over all events again and again; the best round, as others share
 * the machine. @is_shuffled: in no order that a processor could learn. *@ret_mean: of what it
 * gives. */
static double measure(double step(const struct aro_rulebook *rulebook, const struct event *event),
                      const struct aro_rulebook *rulebook, const struct event *events,
                      bool is_shuffled, double *ret_mean)
{
    double best = INFINITY, sum = 0;
    unsigned next = 0, multiplier = is_shuffled ? 1664525 : 1,
             increment = is_shuffled ? 1013904223 : 1u << 12;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_s();
        sum = 0;
        for (unsigned i = 0; i < MATCHES; i++) {
            sum += step(rulebook, &events[(next >> 12) % EVENTS]);
            next = next * multiplier + increment;
        }
        double ns = (now_s() - start) / MATCHES * 1e9;
        best = ns < best ? ns : best;
    }
    *ret_mean = sum / MATCHES;
    return best;
}

/* Gives the place of the rule among all. */
static double match(const struct aro_rulebook *rulebook, const struct event *event)
{
    struct aro_route route;
    aro_rulebook_match(rulebook, &event->facts, &route);
    return route.rule_index;
}

/* What was done before, when the event was read: each text got what it is looked up by. Gives a sum
 * of these. */
static double make_keys(const struct aro_rulebook *rulebook, const struct event *event)
{
    uint64_t sum = 0;
    (void)rulebook;
    for (unsigned field = 0; field < FIELDS; field++) {
        struct aro_text key = aro_text_of_bytes(event->texts[field], event->keys[field].length);
        sum += key.first ^ key.last;
    }
    return (double)sum;
}

/* Many a generated rule is hidden by an earlier one; those are let through, and counted after. */
static struct aro_rulebook *parse(struct aro_languages *languages, const struct buffer *text,
                                  double *ret_s)
{
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    double start = now_s();
    int r = rulebook_parse_checking(0, text->data, text->length, languages, &rulebook, &error);
    *ret_s = now_s() - start;
    if (r < 0) {
        fprintf(stderr, "%u:%u: %s\n", error.line, error.column, error.message);
        exit(1);
    }
    return rulebook;
}

static double document_s(const struct buffer *text)
{
    CLEANUP(document_freep) struct document *document = NULL;
    double start = now_s();
    if (document_parse(text->data, text->length, &document, NULL) < 0)
        exit(1);
    return now_s() - start;
}

/* What it takes to look for hidden rules, as the daemon's parser does. */
static double hidden_s(const struct aro_rulebook *rulebook, size_t *ret_count)
{
    double start = now_s();
    *ret_count = 0;
    for (size_t i = 1; i < rulebook->rule_count; i++)
        *ret_count += hidden_by(rulebook, &rulebook->rules[i]) != NULL;
    return now_s() - start;
}

/* Gives what a match costs, which was @before with a tenth of the rules. */
static double bench(size_t regime, unsigned rule_count, double before, struct event *events,
                    struct buffer *text)
{
    struct aro_languages *languages;
    double parse_s, depth, unused;
    size_t hidden_count;
    char growth[16] = "";

    if (aro_languages_new(&languages) < 0)
        exit(1);
    write_rulebook(text, regime, rule_count);
    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(languages, text, &parse_s);
    for (unsigned i = 0; i < EVENTS; i++)
        choose_event(languages, &events[i]);
    double match_ns = measure(match, rulebook, events, false, &depth);
    double shuffled_ns = measure(match, rulebook, events, true, &unused);
    double keys_ns = measure(make_keys, rulebook, events, false, &unused);
    double search_s = hidden_s(rulebook, &hidden_count);
    if (before > 0)
        snprintf(growth, sizeof growth, "%.2f", match_ns / before);
    printf("%-9s %8u %10.0f %7s %9.0f %12.0f %12.0f %11.1f %11.1f %11.1f %8zu %9.1f %9.1f\n",
           regimes[regime].name, rule_count, match_ns, growth, shuffled_ns, keys_ns, depth,
           parse_s * 1e3, document_s(text) * 1e3, search_s * 1e3, hidden_count,
           (double)text->length / 1e6, (double)rule_index_byte_count(rulebook->index) / 1e6);
    fflush(stdout);
    aro_languages_free(languages);
    return match_ns;
}

int main(int argc, char **argv)
{
    unsigned most = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
    CLEANUP(buffer_done) struct buffer text = { 0 };
    CLEANUP(freep) struct event *events = memory_new_array(EVENTS, sizeof *events);

    printf("%-9s %8s %10s %7s %9s %12s %12s %11s %11s %11s %8s %9s %9s\n", "regime", "rules",
           "match, ns", "growth", "shuffled", "keys before", "rule, mean", "parse, ms",
           "of it YAML", "hidden, ms", "hidden", "text, MB", "index, MB");
    for (size_t regime = 0; regime < sizeof regimes / sizeof *regimes; regime++) {
        double before = 0;
        for (unsigned rule_count = 100; rule_count <= most; rule_count *= 10)
            before = bench(regime, rule_count, before, events, &text);
    }
    return 0;
}

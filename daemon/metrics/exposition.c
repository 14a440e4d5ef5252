#include "metrics/exposition.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_SIZE = 32 };

void exposition_done(struct exposition *exposition)
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buffer_done(&exposition->samples[i]);
}

/* Exact for every whole number up to 10^15, and short for fractions. */
static void format_number(double value, char text[static NUMBER_SIZE])
{
    if (isinf(value))
        snprintf(text, NUMBER_SIZE, "%sInf", value < 0 ? "-" : "+");
    else
        snprintf(text, NUMBER_SIZE, "%.15g", value);
}

static void add_number(struct buffer *text, double value)
{
    char number[NUMBER_SIZE];
    format_number(value, number);
    buffer_add_text(text, number);
}

/* Backslash and line feed are escaped everywhere, quotes in the value of a label only. */
static void add_escaped(struct buffer *text, const char *value, bool is_label)
{
    for (; *value; value++) {
        if (*value == '\\')
            buffer_add_text(text, "\\\\");
        else if (*value == '\n')
            buffer_add_text(text, "\\n");
        else if (*value == '"' && is_label)
            buffer_add_text(text, "\\\"");
        else
            buffer_add(text, value, 1);
    }
}

static void add_label(struct buffer *text, char opening, const char *name, size_t name_length,
                      const char *value)
{
    buffer_add(text, &opening, 1);
    buffer_add(text, name, name_length);
    buffer_add_text(text, "=\"");
    add_escaped(text, value, true);
    buffer_add_text(text, "\"");
}

/* {shard="main",le="0.5"}; @bound is NULL where this is no bucket. */
static void add_labels(struct buffer *text, const char *names, const char *const *values,
                       const char *bound)
{
    char opening = '{';

    while (*names) {
        size_t length = strcspn(names, ",");
        assert(values && *values); /* one value for each label */
        add_label(text, opening, names, length, *values++);
        opening = ',';
        names += length + (names[length] == ',');
    }
    assert(!values || !*values);
    if (bound) {
        add_label(text, opening, "le", 2, bound);
        opening = ',';
    }
    if (opening == ',')
        buffer_add_text(text, "}");
}

static void add_sample(struct exposition *exposition, enum metric metric, const char *suffix,
                       const char *const *labels, const char *bound, double value)
{
    const struct metric_terms *terms = metric_get(metric);
    struct buffer *text = &exposition->samples[metric];

    buffer_add_text(text, terms->name);
    buffer_add_text(text, suffix);
    add_labels(text, terms->labels, labels, bound);
    buffer_add_text(text, " ");
    add_number(text, value);
    buffer_add_text(text, "\n");
}

void exposition_add(struct exposition *exposition, enum metric metric, const char *const *labels,
                    double value)
{
    assert(metric_get(metric)->kind != METRIC_HISTOGRAM);
    add_sample(exposition, metric, "", labels, NULL, value);
}

void exposition_add_histogram(struct exposition *exposition, enum metric metric,
                              const char *const *labels, const struct histogram *histogram)
{
    const struct histogram_bounds *bounds = histogram->bounds;
    uint64_t count = 0;

    assert(metric_get(metric)->kind == METRIC_HISTOGRAM);
    for (size_t i = 0; i <= bounds->count; i++) {
        char bound[NUMBER_SIZE];
        format_number(i < bounds->count ? bounds->items[i] : INFINITY, bound);
        count += histogram->counts[i];
        add_sample(exposition, metric, "_bucket", labels, bound, (double)count);
    }
    add_sample(exposition, metric, "_sum", labels, NULL, histogram->sum);
    add_sample(exposition, metric, "_count", labels, NULL, (double)count);
}

void exposition_write(const struct exposition *exposition, struct buffer *text)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_terms *terms = metric_get(metric);
        const struct buffer *samples = &exposition->samples[metric];

        if (samples->length == 0)
            continue;
        buffer_add_format(text, "# HELP %s ", terms->name);
        add_escaped(text, terms->help, false);
        buffer_add_format(text, "\n# TYPE %s %s\n", terms->name, metric_kind_name(terms->kind));
        buffer_add(text, samples->data, samples->length);
    }
}

#include "routing/handling.h"

#include <stdlib.h>
#include <string.h>

static int compare_spans(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void handling_add(struct handling *handling, struct aro_span span)
{
    if (handling->count == HANDLING_SPANS_MAX) {
        handling->count--;
        memmove(handling->spans_ms, handling->spans_ms + 1,
                handling->count * sizeof *handling->spans_ms);
    }
    handling->spans_ms[handling->count++] = span.ms;
}

struct aro_span handling_expected(const struct handling *handling)
{
    int64_t sorted[HANDLING_SPANS_MAX];

    if (handling->count == 0)
        return (struct aro_span){ 0 };
    memcpy(sorted, handling->spans_ms, handling->count * sizeof *sorted);
    qsort(sorted, handling->count, sizeof *sorted, compare_spans);
    return (struct aro_span){ sorted[(handling->count - 1) / 2] };
}

#include "routing/appellant.h"

#include "routing/router_state.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

struct review *review_find(const struct aro_router *router, const char *lead)
{
    return table_find(&router->reviews, lead);
}

size_t review_appellant_count(const struct aro_router *router, const char *lead)
{
    const struct review *review = review_find(router, lead);
    return review ? review->count : 0;
}

static struct review *review_get(struct aro_router *router, const char *lead)
{
    struct review *review = review_find(router, lead);
    if (review)
        return review;
    size_t size = strlen(lead) + 1;
    review = memory_new(sizeof *review + size);
    memcpy(review->lead, lead, size);
    TAILQ_INIT(&review->appellants);
    table_add(&router->reviews, review);
    return review;
}

/* Most arrive last; in a fold they come in any order. */
static void review_add(struct review *review, struct appellant *appellant)
{
    struct appellant *before = TAILQ_LAST(&review->appellants, appellant_list);
    while (before && before->arrival > appellant->arrival)
        before = TAILQ_PREV(before, appellant_list, of_review);
    if (before)
        TAILQ_INSERT_AFTER(&review->appellants, before, appellant, of_review);
    else
        TAILQ_INSERT_HEAD(&review->appellants, appellant, of_review);
    review->count++;
    appellant->review = review;
}

struct appellant *appellant_add(struct aro_router *router, const char *id, const char *lead,
                                uint64_t arrival, struct details *trace)
{
    size_t size = strlen(id) + 1;
    struct appellant *appellant = memory_new(sizeof *appellant + size);

    memcpy(appellant->id, id, size);
    appellant->arrival = arrival;
    appellant->trace = trace;
    table_add(&router->appellants, appellant);
    review_add(review_get(router, lead), appellant);
    return appellant;
}

static void appellant_free(struct appellant *appellant)
{
    free(appellant->trace);
    free(appellant);
}

void appellant_remove(struct aro_router *router, struct appellant *appellant)
{
    struct review *review = appellant->review;

    table_remove(&router->appellants, appellant->id);
    TAILQ_REMOVE(&review->appellants, appellant, of_review);
    appellant_free(appellant);
    if (--review->count > 0)
        return;
    table_remove(&router->reviews, review->lead);
    free(review);
}

void reviews_free(struct aro_router *router)
{
    size_t position = 0;
    for (struct appellant *appellant;
         (appellant = table_next(&router->appellants, &position)) != NULL;)
        appellant_free(appellant);
    position = 0;
    for (void *review; (review = table_next(&router->reviews, &position)) != NULL;)
        free(review);
}

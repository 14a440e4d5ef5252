/* A line: the waiting appeals of one class and one effort, in the order of their queue; those that
 * are overdue apart where their queue says so. */
#ifndef ARO_ROUTING_LINE_H
#define ARO_ROUTING_LINE_H

#include "routing/line_tree.h"

#include <aro/time.h>
#include <stdbool.h>
#include <stddef.h>

struct agent;
struct appeal;
struct appeal_class;
struct aro_router;
struct queue;

struct line {
    unsigned effort;
    bool is_overdue;
    bool is_old; /* in the order of an old rulebook: some are still to be put in their place */
    struct line_tree tree;
};

/* Works out where the order of its queue puts it, by the rulebook in force. */
void line_find_place(const struct aro_router *router, struct appeal *appeal);
/* Puts it there. */
void line_add(const struct aro_router *router, struct appeal *appeal);
void line_remove(struct appeal *appeal);
/* Those of @class, which are empty. */
void lines_free(struct appeal_class *class);

/* The order of @queue has changed: its lines become old ones, which only line_remove() takes from.
 */
void lines_set_aside(struct queue *queue);
void lines_drop_old(struct queue *queue); /* they are empty */
/* Puts @appeal in its place where it lies in an old one. */
void line_put_back(const struct aro_router *router, struct appeal *appeal);

/* When it should be begun at the latest, in a queue in order of slack: its deadline where that was
 * never worked out, since it waited already when a reload gave its queue this order. */
struct aro_instant appeal_latest_start(const struct appeal *appeal);

/* Which of two appeals of one queue comes first at @now; line_find_place() was called for both. */
int appeal_compare_place(const struct appeal *a, const struct appeal *b,
                         const struct aro_router *router, struct aro_instant now);

/* The first in line at @now that @agent may decide; NULL where there is none. */
struct appeal *line_first_for(struct line *line, const struct agent *agent,
                              const struct aro_router *router, struct aro_instant now);

/* Of everything in line in @queue; never where nothing is. */
struct aro_instant queue_earliest_submitted(const struct queue *queue);
struct aro_instant queue_earliest_deadline(const struct queue *queue);

#endif

/* Texts that many things share (markets, reasons, rules, teams), each kept once and counted.
 *
 * Of one `struct names`, two names are equal when their pointers are. */
#ifndef ARO_ROUTING_NAMES_H
#define ARO_ROUTING_NAMES_H

#include "support/table.h"

struct names {
    struct table table;
};

void names_init(struct names *names);
void names_done(struct names *names);

/* Finds or adds @text (NULL gives NULL). The caller owns one count of what comes back. */
const char *names_hold(struct names *names, const char *text);

/* One count more of @name, which this table gave (NULL gives NULL). */
const char *names_share(const char *name);

/* Makes *@name that of @text, and gives back the count of what it was. */
void names_set(struct names *names, const char **name, const char *text);

/* Gives a count back; the last one frees the text. NULL is fine. */
void names_drop(struct names *names, const char *name);

#endif

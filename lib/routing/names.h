/* Texts that many things share (markets, reasons, rules, teams), each kept once and counted.
 *
 * Of one `struct names`, two names are equal when their pointers are. */
#ifndef ARO_ROUTING_NAMES_H
#define ARO_ROUTING_NAMES_H

#include "support/table.h"

#include <stdint.h>

struct name;

/* A name in half the space of a pointer, for what there are millions of; 0: none. */
typedef uint32_t name_number;

enum { NAMES_RECENT = 64 };

struct names {
    struct table table;
    struct name *recent[NAMES_RECENT]; /* by a few of their letters: most texts come again soon */
    size_t number_count, number_size;
    struct name **by_number; /* [number - 1]; NULL: free */
    size_t free_count, free_size;
    name_number *free; /* numbers to be used again */
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
void names_drop(struct names *names, const char *text);

/* The same with numbers. A name has its number for as long as anybody holds it. */
name_number names_hold_number(struct names *names, const char *text);
void names_set_number(struct names *names, name_number *name, const char *text);
void names_drop_number(struct names *names, name_number name);
/* NULL for none. */
const char *names_text(const struct names *names, name_number name);

#endif

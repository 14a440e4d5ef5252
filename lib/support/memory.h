/* Allocation for code that cannot stop half-way: it succeeds or ends the process.
 *
 * The router changes several structures for one event; there is no state to go back to in
 * between. The ledger is the way back: a restart folds it. Parsers, which can refuse, use malloc.
 */
#ifndef ARO_SUPPORT_MEMORY_H
#define ARO_SUPPORT_MEMORY_H

#include <stddef.h>

void *memory_new(size_t size); /* zeroed */
void *memory_new_array(size_t count, size_t size);
void *memory_resize(void *pointer, size_t size);
/* Room in @array for one more than @count items: gives it moved, with *@size grown, where it is
 * full. */
void *memory_reach(void *array, size_t count, size_t *size, size_t item_size);
char *memory_copy_text(const char *text); /* NULL gives NULL */
_Noreturn void memory_exhausted(void);

#endif

/* Scope-bound ownership: what is still ours at a return is freed there. */
#ifndef ARO_SUPPORT_CLEANUP_H
#define ARO_SUPPORT_CLEANUP_H

#include <stdlib.h>

/* CLEANUP(aro_rule_freep) struct aro_rule *rule = NULL; */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* Hands @pointer over: gives its value and leaves NULL, so that its CLEANUP frees nothing. */
#define TAKE(pointer)                                                                              \
    ({                                                                                             \
        __typeof__(pointer) take_ = (pointer);                                                     \
        (pointer) = NULL;                                                                          \
        take_;                                                                                     \
    })

/* Defines name##p, the cleanup function of a pointer that name() frees. */
#define DEFINE_CLEANUP(type, name)                                                                 \
    static inline void name##p(type **pointer)                                                     \
    {                                                                                              \
        if (*pointer)                                                                              \
            name(*pointer);                                                                        \
    }

static inline void freep(void *pointer)
{
    free(*(void **)pointer);
}

#endif

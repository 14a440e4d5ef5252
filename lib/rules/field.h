/* What conditions look at: the fields of an appeal, and every attribute that some rule names. */
#ifndef ARO_RULES_FIELD_H
#define ARO_RULES_FIELD_H

#include <aro/text.h>

#include <stdbool.h>
#include <stddef.h>

enum field_kind {
    FIELD_MARKET,
    FIELD_LANGUAGE,  /* the appeal's first */
    FIELD_LANGUAGES, /* any of them */
    FIELD_REASON,
    FIELD_TIER,
    FIELD_EFFORT,
    FIELD_SUBJECT_TYPE,
    FIELD_DECISION_POLICY,
    FIELD_ATTRIBUTE,
};

enum field_type { TYPE_TEXT, TYPE_LANGUAGE, TYPE_NUMBER, TYPE_ANY };

struct field {
    enum field_kind kind;
    enum field_type type;
    bool may_be_list;          /* then a condition holds if it holds for any member */
    const char *name;          /* as conditions write it: "subject.type", "attributes.value" */
    struct aro_text attribute; /* "value"; none but for ATTRIBUTE */
    unsigned number;           /* in the order in which they are first named */
};

/* The fixed fields come first, by their kind; attributes follow, FIELD_COUNT_MAX in all. */
enum { FIELD_COUNT_FIXED = FIELD_ATTRIBUTE, FIELD_COUNT_MAX = FIELD_COUNT_FIXED + 256 };
#define ATTRIBUTE_PREFIX "attributes."

extern const struct field fixed_fields[FIELD_COUNT_FIXED];

#endif

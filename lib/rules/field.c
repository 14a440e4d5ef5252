#include "rules/field.h"

const struct field fixed_fields[FIELD_COUNT_FIXED] = {
    { .kind = FIELD_MARKET, .type = TYPE_TEXT, .name = "market" },
    { .kind = FIELD_LANGUAGE, .type = TYPE_LANGUAGE, .name = "language" },
    { .kind = FIELD_LANGUAGES, .type = TYPE_LANGUAGE, .name = "languages", .may_be_list = true },
    { .kind = FIELD_REASON, .type = TYPE_TEXT, .name = "reason" },
    { .kind = FIELD_TIER, .type = TYPE_NUMBER, .name = "tier" },
    { .kind = FIELD_EFFORT, .type = TYPE_NUMBER, .name = "effort" },
    { .kind = FIELD_SUBJECT_TYPE, .type = TYPE_TEXT, .name = "subject.type" },
    { .kind = FIELD_DECISION_POLICY, .type = TYPE_TEXT, .name = "decision.policy" },
};

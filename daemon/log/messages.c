#include "log/messages.h"

#include <assert.h>
#include <string.h>

const struct message_terms *message_get(enum message message)
{
    static const struct message_terms rows[] = {
#define MESSAGE(name_, level_, id_, happened_, means_, act_)                                       \
    { .name = #name_,                                                                              \
      .level = LOG_LEVEL_##level_,                                                                 \
      .id = id_,                                                                                   \
      .happened = happened_,                                                                       \
      .means = means_,                                                                             \
      .act = act_ },
#include "log/messages.def"
#undef MESSAGE
    };
    assert(message < MESSAGE_COUNT);
    return &rows[message];
}

const char *message_code(enum message message, char ret[static MESSAGE_CODE_SIZE])
{
    const char *name = message_get(message)->name;
    size_t length = strlen(name);

    assert(length < MESSAGE_CODE_SIZE);
    for (size_t i = 0; i <= length; i++)
        ret[i] = name[i] == '_' ? '-' : name[i];
    return ret;
}

bool message_find(const char *code, enum message *ret)
{
    char known[MESSAGE_CODE_SIZE];

    for (enum message message = 0; message < MESSAGE_COUNT; message++) {
        if (strcmp(message_code(message, known), code) == 0) {
            *ret = message;
            return true;
        }
    }
    return false;
}

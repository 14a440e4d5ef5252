/* Everything that the daemon can say about itself, as a table: messages.def. */
#ifndef APPEAL_ROUTERD_LOG_MESSAGES_H
#define APPEAL_ROUTERD_LOG_MESSAGES_H

#include "log/level.h"

enum message {
#define MESSAGE(name, level, id, happened, means, act) MESSAGE_##name,
#include "log/messages.def"
#undef MESSAGE
    MESSAGE_COUNT
};

struct message_terms {
    const char *name; /* "shard_stopped" */
    enum log_level level;
    const char *id; /* 32 hexadecimal digits: the journal's MESSAGE_ID */
    const char *happened, *means, *act;
};

const struct message_terms *message_get(enum message message);

/* Its code, which people search by: "shard-stopped". Gives @ret. */
enum { MESSAGE_CODE_SIZE = 40 };
const char *message_code(enum message message, char ret[static MESSAGE_CODE_SIZE]);
bool message_find(const char *code, enum message *ret);

#endif

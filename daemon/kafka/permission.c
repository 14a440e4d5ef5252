#include "kafka/permission.h"

#include <stdio.h>

bool permission_is_missing(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

const char *permission_hint(rd_kafka_resp_err_t err, const char *operation, const char *resource,
                            const char *name, char buffer[static PERMISSION_HINT_SIZE])
{
    if (!permission_is_missing(err) || !name)
        return "";
    snprintf(buffer, PERMISSION_HINT_SIZE, "; its user needs %s on %s '%s'", operation, resource,
             name);
    return buffer;
}

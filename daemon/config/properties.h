/* `kafka.properties`: what is passed on to librdkafka.
 *
 * Only what concerns connections and buffers is let through: the rest (acknowledgement, isolation,
 * transactions, offsets, groups) is what exactly-once rests on, and the daemon sets it itself. */
#ifndef APPEAL_ROUTERD_CONFIG_PROPERTIES_H
#define APPEAL_ROUTERD_CONFIG_PROPERTIES_H

#include "config/setting.h"

/* struct config_properties. Each is tried on librdkafka, so that a bad value is named at once. */
int properties_parse(const struct setting *setting, void *target);
/* The allow-list: names, and beginnings of names, which end in a dot. */
extern const char *const properties_allowed[];
extern const size_t properties_allowed_count;

/* What the certificates and keys are by now that @properties name, as one digest; "" where they
 * name none. A negative errno with @reterr where one cannot be read. */
int properties_read_files(const struct config_properties *properties, char ret_sha256[static 65],
                          struct aro_error *reterr);

/* Secrets are exchanged by a reload while other threads make clients with them. */
void properties_lock_secrets(void);
void properties_unlock_secrets(void);

bool properties_equal(const void *a, const void *b);
void properties_free(void *target);

#endif

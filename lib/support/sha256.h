/* SHA-256 (FIPS 180-4), for telling one file from another. */
#ifndef ARO_SUPPORT_SHA256_H
#define ARO_SUPPORT_SHA256_H

#include <stddef.h>

#define SHA256_TEXT_SIZE 65

/* Writes the digest of @data in lower-case hexadecimal. */
void sha256_format(const void *data, size_t length, char buffer[static SHA256_TEXT_SIZE]);

#endif

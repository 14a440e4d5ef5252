/* What libFuzzer and run_corpus.c call. Whatever @data holds, it returns 0; what is wrong aborts.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

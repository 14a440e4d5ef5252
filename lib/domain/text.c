#include "support/mix.h"

#include <aro/text.h>

static uint64_t load_8(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t load_4(const char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

struct aro_text aro_text_of_bytes(const char *text, size_t length)
{
    struct aro_text ret = { .text = text, .length = length };
    size_t left = length;

    for (; left > ARO_SHORT_TEXT_MAX; text += 8, left -= 8)
        ret.first = mix(ret.first, load_8(text));
    if (left >= 8) {
        ret.first ^= load_8(text);
        ret.last = load_8(text + left - 8);
    } else if (left >= 4) {
        ret.first ^= load_4(text);
        ret.last = load_4(text + left - 4);
    } else {
        for (size_t i = 0; i < left; i++)
            ret.last = ret.last << 8 | (unsigned char)text[i];
    }
    return ret;
}

struct aro_text aro_text_of(const char *text)
{
    return text ? aro_text_of_bytes(text, strlen(text)) : (struct aro_text){ 0 };
}

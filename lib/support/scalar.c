#include "support/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(text, *words) == 0)
            return true;
    }
    return false;
}

static const char *skip_sign(const char *text)
{
    return *text == '-' || *text == '+' ? text + 1 : text;
}

static size_t count_of(const char *text, const char *accepted)
{
    return strspn(text, accepted);
}

static bool is_all(const char *text, const char *accepted)
{
    return *text && text[count_of(text, accepted)] == '\0';
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_real(const char *text)
{
    static const char digits[] = "0123456789";
    text = skip_sign(text);
    size_t whole = count_of(text, digits), fraction = 0;
    text += whole;
    if (*text == '.') {
        text++;
        fraction = count_of(text, digits);
        text += fraction;
    }
    if (whole == 0 && fraction == 0)
        return false;
    if (*text == 'e' || *text == 'E')
        return is_all(skip_sign(text + 1), digits);
    return *text == '\0';
}

static bool resolve_integer(struct document_node *node)
{
    const char *digits = node->text;
    int base = 10;

    if (digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'x')) {
        base = digits[1] == 'o' ? 8 : 16;
        digits += 2;
        if (!is_all(digits, base == 8 ? "01234567" : "0123456789abcdefABCDEF"))
            return false;
    } else if (!is_all(skip_sign(digits), "0123456789")) {
        return false;
    }
    errno = 0;
    node->integer = strtoll(digits, NULL, base);
    if (errno == ERANGE) { /* still a number, with what a double keeps of it */
        node->integer = 0;
        node->kind = DOCUMENT_NUMBER;
        node->number = base == 16 ? strtod(node->text, NULL) : strtod(digits, NULL);
        return true;
    }
    node->kind = DOCUMENT_INTEGER;
    node->number = (double)node->integer;
    return true;
}

static bool resolve_number(struct document_node *node)
{
    static const char *const infinities[] = { ".inf", ".Inf", ".INF", NULL };
    static const char *const nans[] = { ".nan", ".NaN", ".NAN", NULL };

    if (is_real(node->text))
        node->number = strtod(node->text, NULL);
    else if (is_one_of(skip_sign(node->text), infinities))
        node->number = node->text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    else if (is_one_of(node->text, nans))
        node->number = (double)NAN;
    else
        return false;
    node->kind = DOCUMENT_NUMBER;
    return true;
}

void scalar_resolve(struct document_node *node)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const trues[] = { "true", "True", "TRUE", NULL };
    static const char *const falses[] = { "false", "False", "FALSE", NULL };

    if (*node->text && !strchr("~nNtTfF+-.0123456789", *node->text)) {
        node->kind = DOCUMENT_TEXT; /* as nearly all are */
    } else if (is_one_of(node->text, nulls)) {
        node->kind = DOCUMENT_NULL;
    } else if (is_one_of(node->text, trues) || is_one_of(node->text, falses)) {
        node->kind = DOCUMENT_BOOL;
        node->boolean = is_one_of(node->text, trues);
    } else if (!resolve_integer(node) && !resolve_number(node)) {
        node->kind = DOCUMENT_TEXT;
    }
}

const char *scalar_text_note(const struct document_node *node)
{
    struct document_node plain = { .text = node->text };

    if (node->kind != DOCUMENT_TEXT)
        return "";
    scalar_resolve(&plain);
    return plain.kind == DOCUMENT_TEXT || plain.kind == DOCUMENT_NULL ? "" : "the text ";
}

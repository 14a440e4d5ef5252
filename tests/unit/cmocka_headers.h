/* cmocka wants these four before itself. */
#ifndef CMOCKA_HEADERS_H
#define CMOCKA_HEADERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif

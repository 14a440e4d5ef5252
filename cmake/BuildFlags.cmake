# What every target of ours is compiled with: warnings, as errors unless ARO_WERROR is off, asserts kept, and the OpenSSF hardening
# flags that this compiler knows. Targets link aro_build; nothing is set globally.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

# Left out: maybe-uninitialized guesses, differently in each compiler, and cannot follow our "*ret is set on
# success only" from one file into another.
add_library(aro_build INTERFACE)
target_compile_definitions(aro_build INTERFACE _GNU_SOURCE)
target_compile_options(aro_build INTERFACE
  -UNDEBUG -Wall -Wextra $<$<BOOL:${ARO_WERROR}>:-Werror> -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
  -Wno-missing-field-initializers -Wno-maybe-uninitialized -fno-common)

function(aro_add_compile_flag flag)
  string(MAKE_C_IDENTIFIER "ARO_HAS_${flag}" known)
  check_c_compiler_flag(${flag} ${known})
  if(${known})
    target_compile_options(aro_build INTERFACE ${flag})
  endif()
endfunction()

function(aro_add_link_flag flag)
  string(MAKE_C_IDENTIFIER "ARO_HAS_${flag}" known)
  check_linker_flag(C ${flag} ${known})
  if(${known})
    target_link_options(aro_build INTERFACE ${flag})
  endif()
endfunction()

# The library is linked into programs, where nobody can put another function in place of one of ours.
aro_add_compile_flag(-fno-semantic-interposition)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
        -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3 -fno-delete-null-pointer-checks
        -fno-strict-overflow -Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types
        -Werror=int-conversion)
  aro_add_compile_flag(${flag})
endforeach()
foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,--as-needed)
  aro_add_link_flag(${flag})
endforeach()

if(ARO_SANITIZE)
  target_compile_options(aro_build INTERFACE
    -fsanitize=${ARO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(aro_build INTERFACE -fsanitize=${ARO_SANITIZE})
  if(ARO_SANITIZE STREQUAL "thread")
    # Nothing of ours calls them: the linker is told to take them for librdkafka.
    add_library(aro_thread_sanitizer STATIC ${PROJECT_SOURCE_DIR}/tests/support/thread_sanitizer.c)
    target_compile_options(aro_thread_sanitizer PRIVATE -fsanitize=thread)
    target_link_libraries(aro_build INTERFACE aro_thread_sanitizer)
    target_link_options(aro_build INTERFACE -Wl,--undefined=thrd_create)
  elseif(ARO_SANITIZE MATCHES "address")
    add_library(aro_leak_sanitizer STATIC ${PROJECT_SOURCE_DIR}/tests/support/leak_sanitizer.c)
    target_link_libraries(aro_build INTERFACE aro_leak_sanitizer)
    target_link_options(aro_build INTERFACE -Wl,--wrap=rd_kafka_send_offsets_to_transaction)
  endif()
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(aro_build INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(ARO_COVERAGE)
  target_compile_options(aro_build INTERFACE --coverage -fprofile-update=atomic) # there are threads
  target_link_options(aro_build INTERFACE --coverage)
endif()

include(CheckPIESupported)
check_pie_supported()

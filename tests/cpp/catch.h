// Catch 1, from the include folder of the R package testthat.
#pragma once
#ifndef CATCH_CONFIG_NO_POSIX_SIGNALS
#define CATCH_CONFIG_NO_POSIX_SIGNALS  // its signal stack does not compile with glibc >= 2.34
#endif
#include <testthat/vendor/catch.h>

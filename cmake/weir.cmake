# Compiler settings that every target shares, and the two functions that make targets.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)

add_library(weir_settings INTERFACE)
target_include_directories(weir_settings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(weir_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Wformat=2 -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports joined strings as overlapping copies (GCC bug 105651) and members of
  # moved-from temporaries as uninitialised.
  target_compile_options(weir_settings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
target_link_libraries(weir_settings INTERFACE tl::expected fmt::fmt Threads::Threads)
if(WEIR_SANITIZE)
  # -O1 keeps the sanitized tests quick; UBSan stops at the first finding.
  target_compile_options(weir_settings INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1)
  target_link_options(weir_settings INTERFACE -fsanitize=${WEIR_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # OpenSSF compiler hardening guide; library assertions stay on, since input is hostile.
  target_compile_options(weir_settings INTERFACE
    -O3 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
    -fstack-clash-protection -fcf-protection=full)
  target_link_options(weir_settings INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(WEIR_FUZZ)
  target_compile_options(weir_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(WEIR_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The data path is one long function made of small ones; the usual bounds on growth would
    # leave calls in the middle of it.
    target_link_options(weir_settings INTERFACE
      --param=large-function-growth=1000 --param=large-function-insns=20000 --param=inline-unit-growth=200
      --param=max-inline-insns-auto=120 --param=max-inline-insns-single=400)
  endif()
endif()

# One library per folder: weir_library(NAME SOURCES a.cc ... LINKS lib ... SYSTEM imported ...)
function(weir_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  if(arg_SOURCES)
    add_library(weir_${name} STATIC ${arg_SOURCES})
    target_link_libraries(weir_${name} PUBLIC weir_settings ${arg_LINKS})
  else()
    add_library(weir_${name} INTERFACE)
    target_link_libraries(weir_${name} INTERFACE weir_settings ${arg_LINKS})
  endif()
endfunction()

# One test program per folder: weir_test(NAME SOURCES a_test.cc ... LINKS lib ...)
function(weir_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE weir_settings ${arg_LINKS} GTest::gmock_main)
  gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 300)
endfunction()

# room(NAME USES libraries...): the library redoubt_NAME from NAME/*.cc, and one test program from NAME/*_test.cc.
# A room of headers alone is an interface library. cli/main.cc belongs to the program, not to the room.
function(room name)
  cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
  file(GLOB all CONFIGURE_DEPENDS ${name}/*.cc)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  if(sources)
    add_library(redoubt_${name} STATIC ${sources})
    target_include_directories(redoubt_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(redoubt_${name} PUBLIC ${ROOM_USES})
  else()
    add_library(redoubt_${name} INTERFACE)
    target_include_directories(redoubt_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(redoubt_${name} INTERFACE ${ROOM_USES})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE redoubt_${name} GTest::gtest_main GTest::gmock)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
                         PROPERTIES ENVIRONMENT REDOUBT_SHARED=${REDOUBT_SHARED})
  endif()
endfunction()
include(GoogleTest)

# Where the real redo data lies; tests say so plainly when it is absent.
set(REDOUBT_SHARED ${PROJECT_SOURCE_DIR}/../shared CACHE PATH "folder with the real redo logs and records")

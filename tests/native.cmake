# What the tests of native scoring need besides their own sources.
if(TARGET scoring_test AND TARGET mlpipe_parquet)
  add_dependencies(scoring_test mlpipe_parquet)
endif()
if(TARGET scoring_test)
  target_link_libraries(scoring_test PRIVATE mlpipe_image mlpipe_scoring_array mlpipe_scoring_table)
endif()

# A scoring module without LibTorch, and a program that is nothing but the fork server.
add_library(fake_scoring_module MODULE support/fake_scoring_module.cpp)
set_target_properties(fake_scoring_module PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_include_directories(fake_scoring_module PRIVATE ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(fake_scoring_module PRIVATE Threads::Threads)
add_executable(scoring_server_program support/scoring_server_program.cpp)
target_link_libraries(scoring_server_program PRIVATE mlpipe_worker)
set_target_properties(scoring_server_program PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
foreach(test worker_test batch_test)
  if(TARGET ${test})
    add_dependencies(${test} fake_scoring_module scoring_server_program)
  endif()
endforeach()

# The real module, through its C interface only: torch's headers would replace doctest's CHECK by an aborting one.
if(MLPIPE_TORCH)
  file(GLOB sources CONFIGURE_DEPENDS unit/scoring/torch/*_test.cpp)
  add_executable(torch_module_test ${sources})
  target_link_libraries(torch_module_test PRIVATE mlpipe_scoring mlpipe_test_main ${CMAKE_DL_LIBS})
  target_compile_definitions(torch_module_test PRIVATE MLPIPE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" MLPIPE_TORCH_PYTHON="${MLPIPE_TORCH_PYTHON}"
                             MLPIPE_TORCH_MODULE="$<TARGET_FILE:mlpipe_torch>" MLPIPE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_dependencies(torch_module_test mlpipe_torch)
  # One ctest, not one a case: the reference, made once a process, imports torch, and packages, made once a build folder, need g++.
  add_test(NAME "unit/scoring/torch" COMMAND torch_module_test)
  set_tests_properties("unit/scoring/torch" PROPERTIES TIMEOUT 600)
endif()

# Images as ImageInput sees them, for scripts/compare-images.
add_executable(image_program support/image_program.cpp)
target_link_libraries(image_program PRIVATE mlpipe_image mlpipe_system)
set_target_properties(image_program PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

# Loops over damaged input, for scripts/fuzz.
add_executable(fuzz_image fuzz/fuzz_image.cpp)
target_link_libraries(fuzz_image PRIVATE mlpipe_image mlpipe_system)
add_executable(fuzz_table fuzz/fuzz_table.cpp)
target_link_libraries(fuzz_table PRIVATE mlpipe_scoring_array mlpipe_scoring_table)
add_executable(fuzz_wire fuzz/fuzz_wire.cpp)
target_link_libraries(fuzz_wire PRIVATE mlpipe_worker)
add_executable(fuzz_insights fuzz/fuzz_insights.cpp)
target_link_libraries(fuzz_insights PRIVATE mlpipe_insights)
foreach(program fuzz_image fuzz_table fuzz_wire fuzz_insights)
  target_include_directories(${program} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

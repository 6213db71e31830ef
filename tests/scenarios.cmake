# Everything that runs the real binary: golden specs and scenarios, each file (or case) a ctest.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
file(GLOB scenario_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/test_*.py)
foreach(file ${scenario_files})
  get_filename_component(name ${file} NAME_WE)
  add_test(NAME "scenario: ${name}" COMMAND ${Python3_EXECUTABLE} -B -m unittest -q ${name}
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/scenarios)
  set_tests_properties("scenario: ${name}" PROPERTIES TIMEOUT 300
    ENVIRONMENT "MLPIPE=$<TARGET_FILE:mlpipe>;MLPIPE_SOURCE_DIR=${PROJECT_SOURCE_DIR};PYTHONDONTWRITEBYTECODE=1")
endforeach()

add_test(NAME "golden: specs" COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/golden/check.py $<TARGET_FILE:mlpipe>)
add_test(NAME "layers" COMMAND ${PROJECT_SOURCE_DIR}/scripts/check-layers)

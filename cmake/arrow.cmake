# Arrow's C++ libraries as pyarrow brings them, as two imported targets, with RPATH to where they lie: Debian 12 has none of its own.
#   1. the pyarrow package of MLPIPE_PARQUET_PYTHON   2. of .venv/bin/python3   3. none: MLPIPE_ARROW_FOLDER is empty
include(${PROJECT_SOURCE_DIR}/cmake/python_package.cmake)

if(MLPIPE_PARQUET_PYTHON)
  mlpipe_python_package(${MLPIPE_PARQUET_PYTHON} pyarrow libparquet.so.* MLPIPE_ARROW_FOLDER)
  if(NOT MLPIPE_ARROW_FOLDER)
    message(FATAL_ERROR "${MLPIPE_PARQUET_PYTHON} has no pyarrow package: pip install pyarrow==26.0.1, or build without scoring Parquet tables: -DMLPIPE_PARQUET=OFF")
  endif()
elseif(EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python3)
  mlpipe_python_package(${PROJECT_SOURCE_DIR}/.venv/bin/python3 pyarrow libparquet.so.* MLPIPE_ARROW_FOLDER)
endif()

if(MLPIPE_ARROW_FOLDER)
  message(STATUS "Arrow: ${MLPIPE_ARROW_FOLDER}")
  foreach(library parquet arrow)
    file(GLOB files ${MLPIPE_ARROW_FOLDER}/lib${library}.so.*)
    list(GET files 0 file)
    add_library(mlpipe::${library} SHARED IMPORTED)
    set_target_properties(mlpipe::${library} PROPERTIES IMPORTED_LOCATION ${file})
  endforeach()
else()
  message(STATUS "Arrow: not found, so Parquet tables cannot be scored (pip install pyarrow==26.0.1 into .venv)")
endif()

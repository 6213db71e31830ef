# LibTorch as two imported targets, torch_cpu and c10, with RPATH to where they lie. Not find_package(Torch): it warns
# about parts nobody uses and adds foreign directories to RUNPATH.
#   1. the torch package of MLPIPE_TORCH_PYTHON   2. of .venv/bin/python3   3. Debian's libtorch-dev

include(${PROJECT_SOURCE_DIR}/cmake/python_package.cmake)

set(MLPIPE_TORCH_ADVICE "install it (pip install torch==2.13.0 into .venv, or apt-get install libtorch-dev), name a Python that has it \
with -DMLPIPE_TORCH_PYTHON=PATH, or build without LibTorch scoring: -DMLPIPE_TORCH=OFF")
if(MLPIPE_TORCH_PYTHON)
  mlpipe_python_package(${MLPIPE_TORCH_PYTHON} torch lib/libtorch_cpu.so mlpipe_torch_folder)
  if(NOT mlpipe_torch_folder)
    message(FATAL_ERROR "${MLPIPE_TORCH_PYTHON} has no torch package: ${MLPIPE_TORCH_ADVICE}")
  endif()
elseif(EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python3)
  mlpipe_python_package(${PROJECT_SOURCE_DIR}/.venv/bin/python3 torch lib/libtorch_cpu.so mlpipe_torch_folder)
endif()

if(mlpipe_torch_folder)
  set(mlpipe_torch_libraries ${mlpipe_torch_folder}/lib)
  set(mlpipe_torch_headers ${mlpipe_torch_folder}/include)
else()
  find_library(MLPIPE_DEBIAN_TORCH torch_cpu)
  find_path(MLPIPE_DEBIAN_TORCH_HEADERS torch/csrc/jit/serialization/import.h)
  if(NOT MLPIPE_DEBIAN_TORCH OR NOT MLPIPE_DEBIAN_TORCH_HEADERS)
    message(FATAL_ERROR "LibTorch not found: ${MLPIPE_TORCH_ADVICE}")
  endif()
  get_filename_component(mlpipe_torch_libraries ${MLPIPE_DEBIAN_TORCH} DIRECTORY)
  if(NOT MLPIPE_DEBIAN_TORCH_HEADERS STREQUAL "/usr/include")
    set(mlpipe_torch_headers ${MLPIPE_DEBIAN_TORCH_HEADERS})
  endif()
endif()
message(STATUS "LibTorch: ${mlpipe_torch_libraries}")

foreach(library torch_cpu c10)
  add_library(mlpipe::${library} SHARED IMPORTED)
  set_target_properties(mlpipe::${library} PROPERTIES IMPORTED_LOCATION ${mlpipe_torch_libraries}/lib${library}.so)
endforeach()
# For the sources that include torch, not for targets: PyTorch ships headers of other libraries (fmt) in versions of its own.
set(MLPIPE_TORCH_COMPILE_OPTIONS -DAT_PER_OPERATOR_HEADERS)
if(mlpipe_torch_headers)
  list(APPEND MLPIPE_TORCH_COMPILE_OPTIONS -isystem${mlpipe_torch_headers})
endif()

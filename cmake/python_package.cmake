# mlpipe_python_package(PYTHON PACKAGE FILE RESULT): the folder of PYTHON's PACKAGE, found without importing it, if it holds FILE (a
# pattern); empty: it has none.
function(mlpipe_python_package python package file result)
  execute_process(
    COMMAND ${python} -c "import importlib.util as u; s = u.find_spec('${package}'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  file(GLOB found "${folder}/${file}")
  if(failed OR NOT folder OR NOT found)
    set(folder "")
  endif()
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

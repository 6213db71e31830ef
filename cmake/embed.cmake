# mlpipe_embed(TARGET SOURCE NAMESPACE HEADER FILES...): each text file becomes a constant of NAMESPACE in TARGET, a.html as a_html,
# which HEADER declares. SOURCE is the name of the C++ file that is written into the build folder.
set(mlpipe_embed_script ${CMAKE_CURRENT_LIST_FILE})
function(mlpipe_embed target source namespace header)
  set(written ${CMAKE_BINARY_DIR}/embedded/${source})
  string(JOIN "|" files ${ARGN})
  add_custom_command(OUTPUT ${written}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${written} -DNAMESPACE=${namespace} -DHEADER=${header} -DFILES=${files} -P ${mlpipe_embed_script}
    DEPENDS ${ARGN} ${mlpipe_embed_script} VERBATIM)
  target_sources(${target} PRIVATE ${written})
endfunction()

# As a script: writes the file. Byte by byte: compilers need not take long literals, and CMake's lists do not keep every text.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
  string(REPLACE "|" ";" files ${FILES})
  foreach(file ${files})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} name)
    file(READ ${file} digits HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${digits}")
    string(APPEND text "static constexpr char ${name}_bytes[] = {${bytes}'\\0'};\nconstinit const std::string_view ${name}(${name}_bytes, sizeof ${name}_bytes - 1);\n")
  endforeach()
  file(WRITE ${OUTPUT} "${text}}  // namespace ${NAMESPACE}\n")
endif()

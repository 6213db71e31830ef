# The man page and the shells' completion, which the program itself prints, and where they are looked for when installed.
if(CMAKE_CROSSCOMPILING)
  return()
endif()
set(shell_files ${CMAKE_BINARY_DIR}/shell)
file(MAKE_DIRECTORY ${shell_files})
add_custom_command(OUTPUT ${shell_files}/mlpipe.1 ${shell_files}/mlpipe ${shell_files}/_mlpipe ${shell_files}/mlpipe.fish
  COMMAND mlpipe man > ${shell_files}/mlpipe.1
  COMMAND mlpipe completion bash > ${shell_files}/mlpipe
  COMMAND mlpipe completion zsh > ${shell_files}/_mlpipe
  COMMAND mlpipe completion fish > ${shell_files}/mlpipe.fish
  DEPENDS mlpipe VERBATIM)
add_custom_target(shell_files ALL DEPENDS ${shell_files}/mlpipe.1)
install(FILES ${shell_files}/mlpipe.1 DESTINATION share/man/man1)
install(FILES ${shell_files}/mlpipe DESTINATION share/bash-completion/completions)
install(FILES ${shell_files}/_mlpipe DESTINATION share/zsh/site-functions)
install(FILES ${shell_files}/mlpipe.fish DESTINATION share/fish/vendor_completions.d)

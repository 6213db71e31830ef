#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/streams.h"

namespace mlpipe::cli {
namespace {

// The shells ask `mlpipe __complete` (cli/completion.h) about the words before the cursor. bash cuts words at = and :, so it splits the line itself,
// and gives back only what stands behind the last of these.
constexpr const char* bash_script = R"(# bash completion of mlpipe: source <(mlpipe completion bash)
_mlpipe() {
  local -a words lines
  local line word=$'\n' typed head
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  typed=${words[-1]}
  head=${typed%"${typed##*[=:]}"}
  COMPREPLY=()
  mapfile -t lines < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
  for line in "${lines[@]}"; do
    case $line in
      :files) compopt -o default -o bashdefault ;;
      :folders) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "${typed#"$head"}") ;;
      *)
        word=${line%%$'\t'*}
        COMPREPLY+=("${word#"$head"}")
        [[ $word == *[=.] ]] && compopt -o nospace
        ;;
    esac
  done
}
complete -F _mlpipe mlpipe
)";

constexpr const char* zsh_script = R"(#compdef mlpipe
# zsh completion of mlpipe: source <(mlpipe completion zsh), or this file as _mlpipe in a folder of $fpath
_mlpipe() {
  local line word
  local -a candidates open
  local tab=$'\t'
  for line in "${(@f)$("${words[1]/#\~/$HOME}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) [[ -prefix *= ]] && compset -P '*='; _files ;;
      :folders) [[ -prefix *= ]] && compset -P '*='; _files -/ ;;
      *)
        word=${${line%%$tab*}//:/\\:}
        if [[ $word == *[=.] ]]; then open+=("$word:${line#*$tab}"); else candidates+=("$word:${line#*$tab}"); fi
        ;;
    esac
  done
  (( ${#candidates} )) && _describe 'mlpipe' candidates
  (( ${#open} )) && _describe 'mlpipe' open -S ''
  return 0
}
if [[ $funcstack[1] == _mlpipe ]]; then _mlpipe "$@"; else compdef _mlpipe mlpipe; fi
)";

constexpr const char* fish_script = R"(# fish completion of mlpipe: mlpipe completion fish | source
function __mlpipe_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (string replace -r '.*=' '' -- $words[-1])
            case ':folders'
                __fish_complete_directories (string replace -r '.*=' '' -- $words[-1])
            case '*'
                echo $line
        end
    end
end
complete -c mlpipe -f -a '(__mlpipe_complete)'
)";

Result<int> print_script(const std::string& shell) {
  const char* script = shell == "bash" ? bash_script : shell == "zsh" ? zsh_script : shell == "fish" ? fish_script : nullptr;
  if (!script) return Error{ErrorKind::usage, fmt::format("no completion for the shell `{}`", shell), "one of: bash, zsh, fish"};
  MLPIPE_TRY_VOID(print(script));
  return 0;
}

}  // namespace

Command completion_command() {
  return {"completion", "print what makes a shell complete commands, options, steps, runs and parameters", [](Options& options) {
            auto shell = std::make_shared<std::optional<std::string>>();
            options.positional("SHELL", *shell, "bash, zsh or fish", true);
            return [shell] { return print_script(**shell); };
          }};
}

}  // namespace mlpipe::cli

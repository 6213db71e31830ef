#include <memory>

#include "cli/command.h"
#include "cli/manual.h"
#include "cli/streams.h"

namespace mlpipe::cli {

// For scripts/docs and the installation, not for people: they have --help, man and docs/commands.md.
Command man_command() {
  Command command{"man", "print the man page; --markdown: docs/commands.md", [](Options& options) {
                    auto markdown = std::make_shared<bool>(false);
                    options.flag("--markdown", *markdown, "the same as Markdown");
                    return [markdown]() -> Result<int> {
                      MLPIPE_TRY_VOID(print(*markdown ? manual_as_markdown(commands()) : manual_as_man(commands())));
                      return 0;
                    };
                  }};
  command.hidden = true;
  return command;
}

}  // namespace mlpipe::cli

#include "cli/command.h"
namespace mlpipe::cli {
Command diff_command() { return {"diff", "", [](Options&) { return [] { return Result<int>(0); }; }}; }
}

#include "cli/command.h"
#include "cli/streams.h"
#include "spec/native/schema.h"

namespace mlpipe::cli {

Command schema_command() {
  return {"schema", "print the JSON Schema of pipeline.yaml, for editors", [](Options&) {
            return []() -> Result<int> {
              MLPIPE_TRY_VOID(print(spec::native_schema()));
              return 0;
            };
          }};
}

}  // namespace mlpipe::cli

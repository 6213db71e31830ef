// Reads the MLTable file of a folder: which files are a table and how. What cannot be done here is refused by name, where it stands.
#pragma once

#include <optional>
#include <string>

#include "base/diagnostic.h"
#include "pipeline/mltable.h"
#include "pipeline/pipeline.h"
#include "system/files.h"

namespace mlpipe::spec {

struct ReadMLTable {
  std::optional<MLTable> table;  // nothing when diagnostics has errors
  Diagnostics diagnostics;       // sorted
  std::string file, text;        // that they point into
};

// places: only which files it names; mistakes in how they are read do not matter then.
enum class MLTablePart { all, places };

// Reads folder/MLTable. What its paths name is not looked at. `named`: what azureml: names among them stand for.
ReadMLTable read_mltable(const Path& folder, MLTablePart part = MLTablePart::all, const NamedPlaces& named = {});

// The same for those who cannot draw diagnostics: all mistakes are in the error's message (kind step_failed).
Result<MLTable> load_mltable(const Path& folder, MLTablePart part = MLTablePart::all, const NamedPlaces& named = {});

}  // namespace mlpipe::spec

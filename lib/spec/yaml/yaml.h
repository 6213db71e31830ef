// YAML text -> Document. The one place that knows yaml-cpp, whose event parser it wraps because its nodes
// accept duplicate keys, ignore a second document, give an alias its anchor's position and a null the next line's.
#pragma once

#include <string>

#include "spec/yaml/document.h"

namespace mlpipe::spec {

// Limits that no pipeline reaches by hand; beyond them the answer is an error, never a crash or a long wait.
inline constexpr std::size_t deepest_nesting = 64;
inline constexpr std::size_t most_values = 1'000'000;         // of one file
inline constexpr std::size_t most_aliased_values = 200'000;   // that aliases and merges repeat

// Fills document.line_starts, nodes and root from document.text; a byte order mark is removed from it.
// Mistakes go to `diagnostics`; after one that stops the reading, document.root has no node.
// Merge keys (<<) are applied; anchors that contain themselves, keys that are no text and unknown tags are mistakes.
void parse_yaml(Document& document, Diagnostics& diagnostics);

}  // namespace mlpipe::spec

// The shape of a native pipeline file as JSON Schema (draft 7), for editors. It accepts all that the parser accepts, and refuses what the parser
// refuses for its keys, types, words and ranges; what names stand for, what lies on the disk and what goes together only the parser knows.
// tests/scenarios/test_schema.py holds the two against each other, key by key.
#pragma once

#include <string>

namespace mlpipe::spec {

// Indented, with a line end.
std::string native_schema();

}  // namespace mlpipe::spec

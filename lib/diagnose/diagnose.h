// Recognises why a step failed, or what is odd about it. Pure: facts in, findings out. One table; docs/troubleshooting.md is made of it.
// A wrong guess is worse than none: an entry fires only on what leaves no other reading.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/finding.h"
#include "diagnose/facts.h"

namespace mlpipe {

// The words of an entry for one case.
struct Recognised {
  std::string cause, hint;
};

struct DiagnosisEntry {
  std::string id;       // anchor of its section: public
  std::string title;    // for the page, as are all but `recognise`
  std::string meaning;  // what happens, and how mlpipe knows
  std::string azure;    // what Azure says of it; may be empty
  std::string remedy;
  std::optional<Recognised> (*recognise)(const Facts& facts) = nullptr;
  bool last_resort = false;  // only when nothing else was recognised
};

const std::vector<DiagnosisEntry>& diagnosis_table();

// In the table's order.
std::vector<Finding> diagnose(const Facts& facts);

// docs/troubleshooting.md.
std::string troubleshooting_page();

}  // namespace mlpipe

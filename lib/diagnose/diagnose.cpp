#include "diagnose/diagnose.h"

#include <fmt/format.h>

#include "diagnose/entries.h"

namespace mlpipe {
namespace {

using diagnosis::Entries;

Entries all_entries() {
  Entries all;
  for (Entries part : {diagnosis::data_entries(), diagnosis::command_entries(), diagnosis::entry_script_entries(), diagnosis::package_entries(),
                       diagnosis::resource_entries(), diagnosis::cloud_entries(), diagnosis::reuse_entries(), diagnosis::speed_entries()})
    for (DiagnosisEntry& entry : part) all.push_back(std::move(entry));
  return all;
}

constexpr const char* page_head =
    "# Troubleshooting\n\n"
    "What mlpipe recognises, and what to do about it. A failed step shows these findings by itself, as `cause:` and `hint:`; `mlpipe diagnose` shows\n"
    "those of the latest run, and what can be seen before a run. Something is only said where the facts leave no other reading: a failure that is not\n"
    "here has the last lines of its log, and `mlpipe debug STEP` or `mlpipe replay STEP --mini-batch N` runs it in the foreground.\n\n"
    "This page is made by `mlpipe diagnose --table`; [complaints.md](complaints.md) shows each beside what Azure says.\n";

}  // namespace

const std::vector<DiagnosisEntry>& diagnosis_table() {
  static const std::vector<DiagnosisEntry> table = all_entries();
  return table;
}

std::vector<Finding> diagnose(const Facts& facts) {
  std::vector<Finding> findings;
  for (const bool last_resort : {false, true})
    for (const DiagnosisEntry& entry : diagnosis_table()) {
      if (entry.last_resort != last_resort || (last_resort && !findings.empty())) continue;
      if (auto recognised = entry.recognise(facts)) findings.push_back({entry.id, std::move(recognised->cause), std::move(recognised->hint)});
    }
  return findings;
}

std::string troubleshooting_page() {
  std::string text = page_head;
  for (const DiagnosisEntry& entry : diagnosis_table()) {
    text += fmt::format("\n<a id=\"{}\"></a>\n## {}\n\n{}\n", entry.id, entry.title, entry.meaning);
    if (!entry.azure.empty()) text += fmt::format("\n*Azure says:* {}\n", entry.azure);
    text += fmt::format("\n**Do:** {}\n", entry.remedy);
  }
  return text;
}

}  // namespace mlpipe

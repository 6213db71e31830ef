#include "base/stream_editor.h"

#include <algorithm>

namespace mlpipe {

StreamEditor::StreamEditor(std::vector<Replacement> replacements) : replacements_(std::move(replacements)) {
  std::erase_if(replacements_, [](const Replacement& r) { return r.first.empty(); });
  std::stable_sort(replacements_.begin(), replacements_.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

std::string StreamEditor::feed(std::string_view piece) {
  if (replacements_.empty()) return std::string(piece);
  held_ += piece;
  return edit(false);
}

std::string StreamEditor::flush() { return edit(true); }

std::string StreamEditor::edit(bool last) {
  std::string out;
  std::size_t at = 0;
  const std::string_view text = held_;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const Replacement* match = nullptr;
    bool may_become_one = false;
    for (const Replacement& replacement : replacements_) {
      if (!match && rest.starts_with(replacement.first)) match = &replacement;
      if (!match && rest.size() < replacement.first.size() && std::string_view(replacement.first).starts_with(rest)) may_become_one = true;
    }
    if (may_become_one && !last) break;
    if (match) out += match->second;
    else out += text[at];
    at += match ? match->first.size() : 1;
  }
  held_.erase(0, at);
  return out;
}

std::string edited(std::string text, const std::vector<StreamEditor::Replacement>& replacements) {
  const bool clean = std::none_of(replacements.begin(), replacements.end(),
                                  [&](const auto& r) { return !r.first.empty() && text.find(r.first) != std::string::npos; });
  if (clean) return text;
  StreamEditor editor(replacements);
  std::string whole = editor.feed(text);
  return whole += editor.flush();  // a sum of both calls has no order
}

}  // namespace mlpipe

// Replaces texts in a stream that arrives in pieces: secrets by "***", the private copy's path by the real one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mlpipe {

class StreamEditor {
 public:
  using Replacement = std::pair<std::string, std::string>;
  // Empty needles are ignored. Where two needles match at one place, the longer one wins.
  explicit StreamEditor(std::vector<Replacement> replacements);

  // The edited text, without an end that may be the beginning of a needle: that is held for the next piece.
  std::string feed(std::string_view piece);
  std::string flush();

 private:
  std::string edit(bool last);

  std::vector<Replacement> replacements_;
  std::string held_;
};

// The same for a text that is whole. Costs next to nothing when no needle is in it.
std::string edited(std::string text, const std::vector<StreamEditor::Replacement>& replacements);

}  // namespace mlpipe

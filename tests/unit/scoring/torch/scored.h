// The built mlpipe_torch.so through its C interface: a model opened, items scored.
#pragma once

#include <doctest/doctest.h>

#include <dlfcn.h>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/configuration.h"
#include "scoring/module.h"
#include "support/temp_folder.h"

namespace mlpipe::test {

inline const mlpipe_scoring_module& module() {
  static void* const library = ::dlopen(MLPIPE_TORCH_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (!library) FAIL(std::string(::dlerror()));
  const auto entry = reinterpret_cast<const mlpipe_scoring_module* (*)()>(::dlsym(library, "mlpipe_scoring_module_v2"));
  REQUIRE((entry != nullptr));
  return *entry();
}

struct Opened {
  mlpipe_scorer* scorer = nullptr;
  std::string error;

  explicit Opened(const ScoringConfiguration& configuration) {
    char* text = nullptr;
    scorer = module().open(to_json(configuration).c_str(), &text);
    if (text) error = text;
    if (text) module().free_text(text);
  }
  ~Opened() {
    if (scorer) module().close(scorer);
  }
  Opened(const Opened&) = delete;
};

struct Scored {
  int code = 0;
  std::string error;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> failed;

  // Of one item any number of lines, of several one each.
  void take(std::size_t item, std::size_t count, std::string_view text) {
    for (std::size_t line = 0; !text.empty(); ++line) {
      const auto end = text.find('\n');
      rows[count == 1 ? item : item + line].emplace_back(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }

  std::vector<std::string> all() const {
    std::vector<std::string> lines;
    for (const auto& item : rows) lines.insert(lines.end(), item.begin(), item.end());
    return lines;
  }
};

inline Scored score(mlpipe_scorer* scorer, const std::vector<std::string>& paths) {
  Scored scored;
  scored.rows.resize(paths.size());
  scored.failed.resize(paths.size());
  std::vector<mlpipe_item> items;
  for (const auto& path : paths) items.push_back({path.c_str()});
  const mlpipe_row_sink sink{&scored,
                             [](void* s, std::size_t item, std::size_t count, const char* text, std::size_t size) { static_cast<Scored*>(s)->take(item, count, {text, size}); },
                             [](void* s, std::size_t item, const char* text, std::size_t size) { static_cast<Scored*>(s)->failed[item].assign(text, size); }};
  mlpipe_mini_batch batch{};
  batch.items = items.data();
  batch.item_count = items.size();
  char* error = nullptr;
  scored.code = module().score(scorer, &batch, &sink, &error);
  if (error) scored.error = error;
  if (error) module().free_text(error);
  return scored;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::istringstream in(read(file));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace mlpipe::test

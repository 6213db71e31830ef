// A scoring module for tests: its behaviour is chosen by the model's name in the configuration, its rows are item names.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "scoring/module.h"

struct mlpipe_scorer {
  bool fails = false;
  bool notes = false;
  std::string facts;  // what it tells instead of the usual
};

namespace {

bool asks_for(const char* configuration, const char* what) { return std::strstr(configuration, what) != nullptr; }

mlpipe_scorer* open(const char* configuration, char** error) {
  if (asks_for(configuration, "unreadable.pt")) {
    *error = strdup("unreadable.pt is no model");
    return nullptr;
  }
  if (asks_for(configuration, "crashing.pt")) std::abort();
  if (asks_for(configuration, "hanging.pt")) ::pause();
  if (asks_for(configuration, "threaded.pt")) std::thread([] { ::pause(); }).detach();
  // A measurement, which finds another size in each process.
  const bool measures = asks_for(configuration, "measured.pt") && asks_for(configuration, "\"batch_size\":null");
  const std::string facts = R"({"format": "fake", "device": "cpu", "batch_size": )" + std::to_string(::getpid()) + R"(, "measured": true, "notes": []})";
  return new mlpipe_scorer{asks_for(configuration, "failing.pt"), asks_for(configuration, "noted.pt"), measures ? facts : ""};
}

std::string name_of(const mlpipe_item& item) {
  const char* slash = std::strrchr(item.path, '/');
  return slash ? slash + 1 : item.path;
}

int score(mlpipe_scorer* scorer, const mlpipe_mini_batch* batch, const mlpipe_row_sink* sink, char** error) {
  if (scorer->fails) {
    *error = strdup("the model threw\nat line 2");
    return 1;
  }
  for (size_t item = 0; item < batch->item_count; ++item) {
    const std::string name = name_of(batch->items[item]), line = name + "\n";
    if (name == "crash") std::abort();
    if (name == "speak") ::dprintf(1, "spoken\n");
    sink->rows(sink->context, item, 1, line.data(), line.size());
    if (name == "twice") sink->rows(sink->context, item, 1, "again\n", 6);
    if (name.rfind("bad", 0) == 0) sink->failed(sink->context, item, "no image", 8);
  }
  return 0;
}

int measure(mlpipe_scorer*, size_t batch_size, double, mlpipe_timing* timing, float*, size_t, char**) {
  *timing = {batch_size, 3, 0.001, 0.001, 0.001};
  return 0;
}

const char* facts(const mlpipe_scorer* scorer) {
  if (!scorer->facts.empty()) return scorer->facts.c_str();
  if (scorer->notes) return R"({"format": "fake", "device": "cpu", "batch_size": 8, "measured": false, "notes": ["worth a note"]})";
  return R"({"format": "fake", "device": "cpu", "batch_size": 8, "measured": false, "notes": []})";
}

}  // namespace

extern "C" const mlpipe_scoring_module* mlpipe_scoring_module_v2(void) {
  static const mlpipe_scoring_module module{"fake 1.0", open, facts, score, measure, [](mlpipe_scorer* scorer) { delete scorer; },
                                            [](char* text) { std::free(text); }};
  return &module;
}

// A scoring module for tests: its behaviour is chosen by the model's name in the configuration, its rows are item names.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "scoring/module.h"

struct mlpipe_scorer {
  bool fails = false;
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
  return new mlpipe_scorer{asks_for(configuration, "failing.pt")};
}

std::string name_of(const mlpipe_item& item) {
  const char* slash = std::strrchr(item.path, '/');
  return slash ? slash + 1 : item.path;
}

// In reverse, since a module may answer in any order.
int score(mlpipe_scorer* scorer, const mlpipe_item* items, size_t count, const mlpipe_row_sink* sink, char** error) {
  if (scorer->fails) {
    *error = strdup("the model threw\nat line 2");
    return 1;
  }
  for (size_t item = count; item-- > 0;) {
    const std::string name = name_of(items[item]);
    if (name == "crash") std::abort();
    if (name == "speak") ::dprintf(1, "spoken\n");
    sink->row(sink->context, item, name.data(), name.size());
    if (name == "twice") sink->row(sink->context, item, "again", 5);
    if (name.rfind("bad", 0) == 0) sink->failed(sink->context, item, "no image", 8);
  }
  return 0;
}

}  // namespace

extern "C" const mlpipe_scoring_module* mlpipe_scoring_module_v1(void) {
  static const mlpipe_scoring_module module{"fake 1.0", open, score, [](mlpipe_scorer* scorer) { delete scorer; },
                                            [](char* text) { std::free(text); }};
  return &module;
}

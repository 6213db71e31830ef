// The C interface of mlpipe_torch.so. No exception leaves it: callers are compiled without a look at our C++.
#include "scoring/module.h"

#include <cstring>
#include <string>

#include "scoring/image/image_decode.h"
#include "scoring/torch/scorer.h"

struct mlpipe_scorer {
  std::unique_ptr<mlpipe::Scorer> scorer;
};

namespace {

char* copy_of(const std::string& text) noexcept { return strdup(text.c_str()); }

std::string text_of(const mlpipe::Error& error) { return error.hint.empty() ? error.message : error.message + "\nhint: " + error.hint; }

// Runs `action`, which returns an Error or nothing. 0: nothing went wrong.
template <class Action>
int guarded(char** error, Action action) noexcept {
  *error = nullptr;
  try {
    const mlpipe::Status status = action();
    if (status) return 0;
    *error = copy_of(text_of(status.error()));
  } catch (const std::exception& thrown) {
    *error = copy_of(thrown.what());
  } catch (...) {
    *error = copy_of("an unknown exception");
  }
  return 1;
}

mlpipe_scorer* open(const char* configuration, char** error) {
  mlpipe_scorer* opened = nullptr;
  guarded(error, [&]() -> mlpipe::Status {
    MLPIPE_TRY(auto scorer, mlpipe::Scorer::open(configuration));
    opened = new mlpipe_scorer{std::move(scorer)};
    return {};
  });
  return opened;
}

const char* facts(const mlpipe_scorer* scorer) { return scorer->scorer->facts(); }

int score(mlpipe_scorer* scorer, const mlpipe_mini_batch* mini_batch, const mlpipe_row_sink* sink, char** error) {
  return guarded(error, [&] { return scorer->scorer->score(*mini_batch, *sink); });
}

int measure(mlpipe_scorer* scorer, size_t batch_size, double seconds, mlpipe_timing* timing, float* values, size_t value_count, char** error) {
  return guarded(error, [&]() -> mlpipe::Status {
    MLPIPE_TRY(*timing, scorer->scorer->measure(batch_size, seconds, values, value_count));
    return {};
  });
}

void close(mlpipe_scorer* scorer) { delete scorer; }
void free_text(char* text) { std::free(text); }

const char* version() {
  static const std::string text = mlpipe::torch_version() + ", " + mlpipe::image_library_versions();
  return text.c_str();
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const mlpipe_scoring_module* mlpipe_scoring_module_v2(void) {
  static const mlpipe_scoring_module module{version(), open, facts, score, measure, close, free_text};
  return &module;
}

#include "pipeline/scoring.h"

namespace mlpipe {

std::optional<int> batch_size_of(const Scoring& scoring) {
  if (scoring.batch_size || scoring.numerics == Numerics::fast) return scoring.batch_size;
  return scoring.input == ScoringInput::table ? 1024 : 8;
}

}  // namespace mlpipe

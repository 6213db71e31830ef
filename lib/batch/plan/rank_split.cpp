#include "batch/plan/rank_split.h"

#include "batch/plan/plan_text.h"

namespace mlpipe {

std::string RankSplit::serialise() const { return PlanWriter(heading).number(count_).text; }

Result<std::unique_ptr<const Split>> RankSplit::read(std::string_view bytes) {
  PlanReader in(bytes.substr(heading.size()));
  const auto count = in.number();
  if (!in.done() || count == 0) return damaged_plan();
  return std::unique_ptr<const Split>(std::make_unique<RankSplit>(count));
}

}  // namespace mlpipe

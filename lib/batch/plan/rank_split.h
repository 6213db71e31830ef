// Rank mini-batches: calls of run() without input, as many as were asked for. The number of a mini-batch is all it gets.
#pragma once

#include "batch/plan/split.h"

namespace mlpipe {

class RankSplit final : public Split {
 public:
  explicit RankSplit(std::uint64_t count) : count_(count) {}

  // "mlpipe ranks 1\n", their number, "\n"
  static constexpr std::string_view heading = "mlpipe ranks 1\n";
  static Result<std::unique_ptr<const Split>> read(std::string_view bytes);

  std::uint64_t mini_batches() const override { return count_; }
  std::uint64_t items() const override { return 0; }
  std::uint32_t items_of(std::uint64_t) const override { return 0; }
  bool divisible(std::uint64_t) const override { return false; }
  void fill(wire::MiniBatch& message, std::uint64_t, Slice) const override { message.kind = wire::MiniBatch::Kind::rank; }
  std::vector<std::string> names_of(std::uint64_t, Slice) const override { return {}; }
  std::string serialise() const override;

 private:
  std::uint64_t count_;
};

}  // namespace mlpipe

// The order of a run: which step may be looked at now, which may start, which will never. Pure: no process, disk or clock.
//
//   waiting -> ready -> taken -> ended        (ended: succeeded or failed)
//   waiting -> skipped                        (a need failed, or the run is stopping)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/graph.h"

namespace mlpipe {

class Schedule {
 public:
  // Cores and bytes of memory.
  struct Room {
    int cores = 1;
    std::uint64_t memory = 0;
  };

  // Only steps with `considered` take part; the others count as there already. `capacity`: what steps share, at least 1 core.
  // `last`: steps that become ready when all others have ended, however that was; empty: none.
  Schedule(const StepGraph& graph, std::vector<bool> considered, Room capacity, std::vector<bool> last = {});

  // A step whose needs have all succeeded, the first in file order; it is the caller's from then on.
  std::optional<std::size_t> take_ready();

  // Asks for room to start a taken step. A step that wants more than there is gets all of it, alone.
  bool acquire(std::size_t step, Room wanted);

  // Gives the room back without ending the step: it has to ask again.
  void release(std::size_t step);

  void succeeded(std::size_t step);
  // What needs it, directly or not, is skipped.
  void failed(std::size_t step);
  // Everything that nobody took yet is skipped.
  void stop();
  // The same but for the last ones.
  void stop_all_but_last();

  struct Skip {
    std::size_t step;
    std::optional<std::size_t> because;  // the failed step; nothing: the run was stopped
  };
  // Steps skipped since the last call.
  std::vector<Skip> take_skipped();

  bool done() const { return open_ == 0; }

 private:
  enum class State { waiting, taken, ended };

  void end(std::size_t step);
  void skip(std::size_t step, std::optional<std::size_t> because);
  void count_down_to_last(std::size_t ended);

  const StepGraph* graph_;
  std::vector<State> states_;
  std::vector<std::size_t> missing_;  // needs that have not succeeded yet; of the last ones, others that have not ended
  std::vector<bool> last_;
  std::vector<Room> held_;
  std::vector<Skip> skipped_;
  Room free_, capacity_;
  std::size_t open_ = 0;              // considered and not ended
};

}  // namespace mlpipe

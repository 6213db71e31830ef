// Where the boxes of a step graph stand: in layers, every box behind all that it needs (after Sugiyama, Tagawa and Toda).
#pragma once

#include <cstddef>
#include <vector>

namespace mlpipe::picture {

struct Point {
  double x = 0, y = 0;
};

struct Edge {
  std::size_t from = 0, to = 0;  // boxes
  // From the border of `from` to that of `to`, an even number: lines within a layer, curves between two.
  std::vector<Point> points;
};

struct Layout {
  std::vector<Point> boxes;  // their upper left corners
  std::vector<Edge> edges;
  bool rightwards = true;    // else downwards
  double width = 0, height = 0;
};

struct BoxSize {
  double width = 246, height = 52;
};

// `needs`: of each box, without a cycle. Rightwards where that is at most `widest`, else downwards.
Layout lay_out(const std::vector<std::vector<std::size_t>>& needs, BoxSize box, double widest);

}  // namespace mlpipe::picture

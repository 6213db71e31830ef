#include "report/picture/layout.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace mlpipe::picture;

namespace {

constexpr BoxSize box{100, 40};

bool overlap(Point a, Point b) { return std::abs(a.x - b.x) < box.width && std::abs(a.y - b.y) < box.height; }

void check(const Layout& layout) {
  for (std::size_t i = 0; i < layout.boxes.size(); ++i) {
    CHECK(layout.boxes[i].x >= 0);
    CHECK(layout.boxes[i].y >= 0);
    CHECK(layout.boxes[i].x + box.width <= layout.width);
    CHECK(layout.boxes[i].y + box.height <= layout.height);
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(overlap(layout.boxes[i], layout.boxes[j]));
  }
  for (const Edge& edge : layout.edges) {
    const Point from = layout.boxes[edge.from], to = layout.boxes[edge.to];
    if (layout.rightwards) CHECK(from.x + box.width < to.x);
    else CHECK(from.y + box.height < to.y);
    CHECK(edge.points.size() % 2 == 0);
  }
}

}  // namespace

TEST_CASE("layout: every box stands behind all that it needs, and no two overlap") {
  // A diamond with a tail, an edge that skips layers, a box on its own, and numbers in no order.
  const Layout layout = lay_out({{1, 2}, {3}, {3}, {}, {0, 3}, {}}, box, 10'000);
  CHECK(layout.rightwards);
  CHECK(layout.edges.size() == 6);
  check(layout);
}

TEST_CASE("layout: what is too long for the page runs downwards") {
  std::vector<std::vector<std::size_t>> chain(30);
  for (std::size_t i = 1; i < chain.size(); ++i) chain[i] = {i - 1};
  const Layout layout = lay_out(chain, box, 1000);
  CHECK_FALSE(layout.rightwards);
  CHECK(layout.width < 200);
  check(layout);
}

TEST_CASE("layout: a chain is straight, and a box stands in the middle of what it feeds") {
  const Layout chain = lay_out({{}, {0}, {1}}, box, 1000);
  CHECK(chain.boxes[0].y == doctest::Approx(chain.boxes[2].y));
  const Layout fan = lay_out({{}, {0}, {0}, {0}}, box, 1000);
  CHECK(fan.boxes[0].y == doctest::Approx((fan.boxes[1].y + fan.boxes[2].y + fan.boxes[3].y) / 3));
}

TEST_CASE("layout: crossings that order alone makes are gone") {
  // a -> d, b -> c: drawn in the order of numbers their edges would cross.
  const Layout layout = lay_out({{}, {}, {1}, {0}}, box, 1000);
  CHECK((layout.boxes[0].y < layout.boxes[1].y) == (layout.boxes[3].y < layout.boxes[2].y));
}

TEST_CASE("layout: nothing, and a thousand boxes") {
  CHECK(lay_out({}, box, 1000).boxes.empty());
  std::vector<std::vector<std::size_t>> needs(1000);
  for (std::size_t i = 1; i < needs.size(); ++i) needs[i] = {i / 2, i / 3};
  for (auto& of_one : needs)
    if (of_one.size() == 2 && of_one[0] == of_one[1]) of_one.pop_back();
  CHECK(lay_out(needs, box, 1000).boxes.size() == 1000);
}

TEST_CASE("layout: a long chain of which every step needs the first one") {
  std::vector<std::vector<std::size_t>> needs(400);
  for (std::size_t i = 1; i < needs.size(); ++i) needs[i] = i == 1 ? std::vector<std::size_t>{0} : std::vector<std::size_t>{0, i - 1};
  check(lay_out(needs, box, 1000));
}

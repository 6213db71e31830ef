#include "report/picture/layout.h"

#include <algorithm>
#include <numeric>

namespace mlpipe::picture {
namespace {

using Needs = std::vector<std::vector<std::size_t>>;

constexpr double gap_across = 18, gap_along = 44, margin = 8;
constexpr int sweeps = 12;

double mean(const std::vector<std::size_t>& places, const std::vector<double>& of, double otherwise) {
  if (places.empty()) return otherwise;
  const double sum = std::accumulate(places.begin(), places.end(), 0.0, [&](double so_far, std::size_t place) { return so_far + of[place]; });
  return sum / static_cast<double>(places.size());
}

// Boxes, and behind them the places where edges pass through layers that they do not end in.
class Layers {
 public:
  explicit Layers(const Needs& needs) : needs_(needs), layer_(needs.size(), unknown) {
    for (std::size_t box = 0; box < needs.size(); ++box) put(box);
    bring_sources_near();
    for (std::size_t box = 0; box < needs.size(); ++box) add(layer_[box]);
    for (std::size_t box = 0; box < needs.size(); ++box)
      for (const std::size_t need : needs[box]) chains_.push_back(chain(need, box));
    for (std::size_t place = 0; place < layer_.size(); ++place) rows_[layer_[place]].push_back(place);
    for (int sweep = 0; sweep < sweeps; ++sweep) sort_rows(sweep % 2 == 0);
  }

  const std::vector<std::vector<std::size_t>>& rows() const { return rows_; }
  std::size_t layer(std::size_t place) const { return layer_[place]; }
  bool is_box(std::size_t place) const { return place < needs_.size(); }
  const std::vector<std::size_t>& before(std::size_t place) const { return before_[place]; }
  const std::vector<std::size_t>& after(std::size_t place) const { return after_[place]; }
  // The places that each edge leads through, both ends among them.
  const std::vector<std::vector<std::size_t>>& chains() const { return chains_; }
  std::size_t places() const { return layer_.size(); }

 private:
  static constexpr auto unknown = static_cast<std::size_t>(-1);

  // Without recursion: a chain of steps may be long.
  void put(std::size_t box) {
    std::vector<std::size_t> open{box};
    while (!open.empty()) {
      const std::size_t at = open.back();
      std::size_t layer = 0;
      bool ready = true;
      for (const std::size_t need : needs_[at]) {
        if (layer_[need] == unknown) {
          open.push_back(need);
          ready = false;
        } else {
          layer = std::max(layer, layer_[need] + 1);
        }
      }
      if (!ready) continue;
      layer_[at] = layer;
      open.pop_back();
    }
  }

  // What needs nothing stands before the first that needs it, not at the far beginning.
  void bring_sources_near() {
    std::vector<std::size_t> first(needs_.size(), unknown);
    for (std::size_t box = 0; box < needs_.size(); ++box)
      for (const std::size_t need : needs_[box]) first[need] = std::min(first[need], layer_[box]);
    for (std::size_t box = 0; box < needs_.size(); ++box)
      if (needs_[box].empty() && first[box] != unknown) layer_[box] = first[box] - 1;
  }

  void add(std::size_t layer) {
    before_.emplace_back();
    after_.emplace_back();
    if (rows_.size() <= layer) rows_.resize(layer + 1);
  }

  void join(std::size_t from, std::size_t to) {
    after_[from].push_back(to);
    before_[to].push_back(from);
  }

  std::vector<std::size_t> chain(std::size_t from, std::size_t to) {
    std::vector<std::size_t> places{from};
    for (std::size_t layer = layer_[from] + 1; layer < layer_[to]; ++layer) {
      layer_.push_back(layer);
      add(layer);
      join(places.back(), layer_.size() - 1);
      places.push_back(layer_.size() - 1);
    }
    join(places.back(), to);
    places.push_back(to);
    return places;
  }

  // Each row by the mean position of its neighbours in the row before (or after), which leaves few crossings.
  void sort_rows(bool forwards) {
    std::vector<double> rank(layer_.size()), wanted(layer_.size());
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) rank[row[i]] = static_cast<double>(i);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      auto& row = rows_[forwards ? i : rows_.size() - 1 - i];
      for (const std::size_t place : row) wanted[place] = mean(forwards ? before_[place] : after_[place], rank, rank[place]);
      std::stable_sort(row.begin(), row.end(), [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
      for (std::size_t k = 0; k < row.size(); ++k) rank[row[k]] = static_cast<double>(k);
    }
  }

  const Needs& needs_;
  std::vector<std::size_t> layer_;
  std::vector<std::vector<std::size_t>> rows_, before_, after_, chains_;
};

// The rising sequence nearest to `wanted`: neighbours that would fall are pooled at their mean.
std::vector<double> rising(const std::vector<double>& wanted) {
  struct Pool {
    double sum, count;
    double mean() const { return sum / count; }
  };
  std::vector<Pool> pools;
  for (const double value : wanted) {
    pools.push_back({value, 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      pools[pools.size() - 2].sum += pools.back().sum;
      pools[pools.size() - 2].count += pools.back().count;
      pools.pop_back();
    }
  }
  std::vector<double> result;
  for (const Pool& pool : pools) result.insert(result.end(), static_cast<std::size_t>(pool.count), pool.mean());
  return result;
}

// Middles of all places across the layers: each row as near to its neighbours as their distances let it.
std::vector<double> positions(const Layers& layers, double box) {
  std::vector<double> at(layers.places());
  std::vector<double> offset(layers.places());  // from the middle of its row's first place
  for (const auto& row : layers.rows()) {
    for (std::size_t i = 1; i < row.size(); ++i) {
      const auto half = [&](std::size_t place) { return layers.is_box(place) ? box / 2 : 0; };
      offset[row[i]] = offset[row[i - 1]] + half(row[i - 1]) + gap_across + half(row[i]);
    }
    for (const std::size_t place : row) at[place] = offset[place] - offset[row.back()] / 2;
  }
  for (int sweep = 0; sweep < sweeps; ++sweep)
    for (std::size_t i = 0; i < layers.rows().size(); ++i) {
      const bool forwards = sweep % 2 == 0;
      const auto& row = layers.rows()[forwards ? i : layers.rows().size() - 1 - i];
      std::vector<double> wanted;
      for (const std::size_t place : row)
        wanted.push_back(mean(forwards ? layers.before(place) : layers.after(place), at, at[place]) - offset[place]);
      const auto placed = rising(wanted);
      for (std::size_t k = 0; k < row.size(); ++k) at[row[k]] = placed[k] + offset[row[k]];
    }
  return at;
}

Edge edge_of(const Layers& layers, const std::vector<std::size_t>& chain, const std::vector<double>& across, double along_box) {
  Edge edge{chain.front(), chain.back(), {}};
  for (const std::size_t place : chain) {
    const double begin = static_cast<double>(layers.layer(place)) * (along_box + gap_along);
    if (place != chain.front()) edge.points.push_back({begin, across[place]});
    if (place != chain.back()) edge.points.push_back({begin + along_box, across[place]});
  }
  return edge;
}

// From (along, across) to the page.
void turn(Layout& layout, double least_across) {
  const auto place = [&](Point& point) {
    point = {point.x + margin, point.y - least_across + margin};
    if (!layout.rightwards) std::swap(point.x, point.y);
  };
  for (Point& box : layout.boxes) place(box);
  for (Edge& edge : layout.edges)
    for (Point& point : edge.points) place(point);
}

}  // namespace

Layout lay_out(const Needs& needs, BoxSize box, double widest) {
  Layout layout;
  if (needs.empty()) return layout;
  const Layers layers(needs);
  const auto count = static_cast<double>(layers.rows().size());
  layout.rightwards = count * (box.width + gap_along) - gap_along + 2 * margin <= widest;
  const double along_box = layout.rightwards ? box.width : box.height, across_box = layout.rightwards ? box.height : box.width;
  const auto across = positions(layers, across_box);
  for (std::size_t i = 0; i < needs.size(); ++i)
    layout.boxes.push_back({static_cast<double>(layers.layer(i)) * (along_box + gap_along), across[i] - across_box / 2});
  for (const auto& chain : layers.chains()) layout.edges.push_back(edge_of(layers, chain, across, along_box));
  double least = across[0], most = across[0];
  for (std::size_t place = 0; place < across.size(); ++place) {
    const double half = layers.is_box(place) ? across_box / 2 : 0;
    least = std::min(least, across[place] - half);
    most = std::max(most, across[place] + half);
  }
  layout.width = count * (along_box + gap_along) - gap_along + 2 * margin;
  layout.height = most - least + 2 * margin;
  if (!layout.rightwards) std::swap(layout.width, layout.height);
  turn(layout, least);
  return layout;
}

}  // namespace mlpipe::picture

#include "scoring/table/table_rows.h"
#include "scoring/torch/feed.h"

namespace mlpipe {
namespace {

class TableFeed final : public Feed {
 public:
  explicit TableFeed(TableColumns columns) : columns_(std::move(columns)) {
    for (const ModelInput& input : columns_.inputs) shape_.push_back({input.type, {static_cast<std::int64_t>(input.columns.size())}});
  }

  Status run(const mlpipe_mini_batch& mini_batch, Passes& passes, const mlpipe_row_sink& sink) const override {
    MLPIPE_TRY(const auto rows, open_table(mini_batch.pieces, mini_batch.piece_count, columns_));
    MLPIPE_TRY_VOID(skip(*rows, mini_batch.row_first));
    std::vector<std::string_view> texts;  // of the pass that is being filled
    for (std::size_t item = 0; item < mini_batch.row_count;) {
      MLPIPE_TRY(const Passes::Room room, passes.room(shape_));
      MLPIPE_TRY(const std::size_t read, rows->read(std::min(room.rows, mini_batch.row_count - item), room.inputs));
      if (read == 0) return Error{ErrorKind::step_failed, "the table has fewer rows than when it was cut into mini-batches", "it changed while it was scored"};
      collect_texts(*rows, read, texts);
      add(*rows, read, item, mini_batch, texts, passes, sink);
      item += read;
      MLPIPE_TRY_VOID(passes.flush());  // before the next read takes the texts away
    }
    return {};
  }

  std::optional<std::vector<InputRow>> shape() const override { return shape_; }

 private:
  // Rows of the pieces that this try is not about.
  Status skip(TableRows& rows, std::size_t count) const {
    std::vector<std::vector<std::int64_t>> nowhere;
    constexpr std::size_t at_once = 1024;
    std::vector<void*> inputs;
    for (const InputRow& input : shape_) inputs.push_back(nowhere.emplace_back(at_once * input.values()).data());
    while (count > 0) {
      MLPIPE_TRY(const std::size_t read, rows.read(std::min(count, at_once), inputs));
      if (read == 0) return {};
      count -= read;
    }
    return {};
  }

  void collect_texts(const TableRows& rows, std::size_t read, std::vector<std::string_view>& texts) const {
    const std::size_t wide = columns_.texts.size();
    texts.resize(read * wide);
    for (std::size_t row = 0; row < read; ++row)
      for (std::size_t column = 0; column < wide; ++column) texts[row * wide + column] = rows.text(row, column);
  }

  void add(const TableRows& rows, std::size_t read, std::size_t item, const mlpipe_mini_batch& mini_batch, const std::vector<std::string_view>& texts,
           Passes& passes, const mlpipe_row_sink& sink) const {
    auto failed = rows.failed().begin();
    for (std::size_t row = 0; row < read; ++row) {
      const bool fails = failed != rows.failed().end() && failed->row == row;
      if (fails) {
        sink.failed(sink.context, item + row, failed->reason.data(), failed->reason.size());
        ++failed;
      }
      const std::uint64_t number = mini_batch.first_row + item + row;
      passes.add({item + row, {}, number, texts.data() + row * columns_.texts.size(), fails});
    }
  }

  TableColumns columns_;
  std::vector<InputRow> shape_;
};

}  // namespace

Result<std::unique_ptr<Feed>> make_table_feed(const Scoring& scoring, const std::vector<std::string>& texts) {
  if (scoring.inputs.empty()) return Error{ErrorKind::spec, "scoring.columns is missing: which columns of the table does the model take?", ""};
  return std::unique_ptr<Feed>(std::make_unique<TableFeed>(TableColumns{scoring.inputs, scoring.missing, texts}));
}

}  // namespace mlpipe

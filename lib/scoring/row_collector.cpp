#include "scoring/row_collector.h"

namespace mlpipe {

void RowCollector::on_rows(void* context, std::size_t item, std::size_t count, const char* text, std::size_t length) {
  auto& self = *static_cast<RowCollector*>(context);
  if (count == 1 && self.reasons_.at(item)) return;  // void
  if (count > 1) {
    self.last_.reset();
  } else if (self.last_ != item) {
    self.last_ = item;
    self.last_begins_ = self.rows_.size();
  }
  self.rows_.append(text, length);
}

void RowCollector::on_failed(void* context, std::size_t item, const char* reason, std::size_t length) {
  auto& self = *static_cast<RowCollector*>(context);
  self.reasons_.at(item).emplace(reason, length);
  if (self.last_ == item) self.rows_.resize(self.last_begins_);  // it had given rows
}

}  // namespace mlpipe

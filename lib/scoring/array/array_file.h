// A file of arrays whose first axes count the rows: one array of a .npy file, or several of an .npz file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/scoring.h"
#include "scoring/array/npy_file.h"

namespace mlpipe {

class ArrayFile {
 public:
  struct Row {
    ValueType type = ValueType::float32;
    std::vector<std::int64_t> shape;
  };

  // `inputs`: the arrays by their names, in the order of the model's inputs; none: the file has but one, as float32. A .npy file has
  // one whatever its name. Error: not such a file, an array is missing, types that are not supported (an int64 input takes whole
  // numbers alone), or arrays of different lengths; it names the array of an .npz file.
  static Result<ArrayFile> open(const Path& path, const std::vector<ModelInput>& inputs);

  std::size_t rows() const { return arrays_.front().rows(); }
  const std::vector<Row>& row() const { return row_; }  // one an input
  // `places`: one an input, for the values of a row.
  Status read_row(std::size_t row, const std::vector<void*>& places);

 private:
  Status add(Result<NpyFile> array, const std::string& name, ValueType type);
  Status add_all(const Path& path, const std::vector<ModelInput>& inputs);

  std::vector<NpyFile> arrays_;
  std::vector<std::string> names_;  // for people; "": of a .npy file
  std::vector<Row> row_;
};

}  // namespace mlpipe

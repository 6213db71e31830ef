#include "scoring/array/array_file.h"

#include <fmt/format.h>

#include "base/text.h"
#include "scoring/zip/zip_file.h"

namespace mlpipe {
namespace {

// Of a packed array, which is unpacked into memory; those that are not packed are read in place.
constexpr std::uint64_t most_unpacked = 1u << 30;
constexpr std::string_view ending = ".npy";

Error bad(std::string message, std::string hint = {}) { return {ErrorKind::step_failed, std::move(message), std::move(hint)}; }

Error of_array(const std::string& name, const Error& error) {
  return name.empty() ? error : bad(fmt::format("array `{}`: {}", name, error.message), error.hint);
}

std::vector<std::string> array_names(const ZipFile& zip) {
  std::vector<std::string> names;
  for (const ZipEntry& entry : zip.entries())
    if (entry.name.ends_with(ending)) names.push_back(entry.name.substr(0, entry.name.size() - ending.size()));
  return names;
}

Result<NpyFile> open_entry(const ZipFile& zip, const Path& path, const std::string& name) {
  const ZipEntry* entry = zip.find(name + std::string(ending));
  if (!entry) return bad("it is not in the file", suggestion(name, array_names(zip)));
  if (entry->method == ZipEntry::Method::stored) {
    MLPIPE_TRY_VOID(zip.check(*entry));  // numpy refuses an archive with a flipped bit too
    MLPIPE_TRY(const std::uint64_t begin, zip.data_at(*entry));
    return NpyFile::open(path, begin, entry->size);
  }
  if (entry->size > most_unpacked) return bad("it is packed and takes more than 1 GB", "save it unpacked: numpy.savez");
  MLPIPE_TRY(std::string bytes, zip.read(*entry, most_unpacked));
  return NpyFile::of_bytes(std::move(bytes));
}

// What the inputs stand for in this archive.
Result<std::vector<ModelInput>> named_inputs(const ZipFile& zip, const std::vector<ModelInput>& inputs) {
  const auto names = array_names(zip);
  if (names.empty()) return bad("the archive has no arrays", "write it with numpy.savez");
  const bool nameless = inputs.empty() || (inputs.size() == 1 && inputs[0].columns.empty());
  if (!nameless) return inputs;
  if (names.size() > 1) return bad("the file has several arrays: " + join(names, ", "), "name those that the model takes in scoring.inputs");
  return std::vector<ModelInput>{{names[0], inputs.empty() ? ValueType::float32 : inputs[0].type, names}};
}

}  // namespace

Status ArrayFile::add(Result<NpyFile> array, const std::string& name, ValueType type) {
  if (!array) return of_array(name, array.error());
  if (type == ValueType::int64 && !array->integers())
    return of_array(name, bad("its numbers are not whole ones, and the input takes int64", "save it as int64: array.astype('int64')"));
  if (!arrays_.empty() && array->rows() != rows())
    return of_array(name, bad(fmt::format("it has {} rows, and `{}` has {}", array->rows(), names_.front(), rows())));
  row_.push_back({type, array->row_shape()});
  arrays_.push_back(array.take());
  names_.push_back(name);
  return {};
}

Status ArrayFile::add_all(const Path& path, const std::vector<ModelInput>& inputs) {
  auto zip = is_file(path) ? ZipFile::open(path) : Result<std::optional<ZipFile>>(std::optional<ZipFile>());
  if (!zip) return zip.error();
  if (!*zip) {
    if (inputs.size() > 1) return bad(fmt::format("the model takes {} arrays, and the file has one", inputs.size()), "write them with numpy.savez");
    return add(NpyFile::open(path), "", inputs.empty() ? ValueType::float32 : inputs[0].type);
  }
  MLPIPE_TRY(const auto named, named_inputs(**zip, inputs));
  for (const ModelInput& input : named) {
    const std::string& name = input.columns.empty() ? input.name : input.columns[0];
    MLPIPE_TRY_VOID(add(open_entry(**zip, path, name), name, input.type));
  }
  return {};
}

Result<ArrayFile> ArrayFile::open(const Path& path, const std::vector<ModelInput>& inputs) {
  ArrayFile file;
  MLPIPE_TRY_VOID(file.add_all(path, inputs));
  return file;
}

Status ArrayFile::read_row(std::size_t row, const std::vector<void*>& places) {
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    const auto read = row_[i].type == ValueType::int64 ? arrays_[i].read_row(row, static_cast<std::int64_t*>(places[i]))
                                                       : arrays_[i].read_row(row, static_cast<float*>(places[i]));
    if (!read) return of_array(names_[i], read.error());
  }
  return {};
}

}  // namespace mlpipe

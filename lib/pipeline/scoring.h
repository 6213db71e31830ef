// `scoring` of a parallel_run_config: what a model without an entry script is fed, and what is written about each item.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/expression.h"

namespace mlpipe {

enum class ScoringInput { image, table, array };
enum class Numerics { strict, fast };  // strict: PyTorch's own bits at a fixed batch size
enum class ImageLayout { chw, hwc };   // of one image in the model's input: channels first, or last

// Decoding and preprocessing of images, as Pillow and numpy would do it.
struct ImageSpec {
  // {}: as it is; {n}: the shorter side becomes n; {h, w}: exactly. Bilinear with antialias, bit-identical to Pillow.
  std::vector<int> resize;
  std::vector<int> crop;    // {}: none; {n} or {h, w}: centre crop
  std::string mode = "RGB"; // "RGB" or "L"
  std::vector<double> mean; // one a channel, of values scaled to 0..1; {}: zeros
  std::vector<double> std;  // {}: ones
  ImageLayout layout = ImageLayout::chw;
  bool exif = false;        // turn as the EXIF orientation says, as Pillow's ImageOps.exif_transpose; plain Image.open does not
};

enum class ValueType { float32, int64 };

// One input of the model, in the order in which it takes them.
struct ModelInput {
  std::string name;                  // for people; "" where there is but one
  ValueType type = ValueType::float32;
  std::vector<std::string> columns;  // of a table: [batch, columns]; of .npz files: the one array that has this name
};

// Of the rows that a model step writes.
enum class RowFormat {
  text,        // a row template
  csv,         // with a header, quoted as RFC 4180 says
  json_lines,  // an object an item
  npy,         // a float32 array a mini-batch, with what each of its rows is of in a text beside it
  parquet,     // a table a mini-batch
};

// Whether each mini-batch gets files of its own, instead of rows in the one file of the step.
constexpr bool in_files(RowFormat format) { return format == RowFormat::npy || format == RowFormat::parquet; }

// What stands under one name in a CSV or JSON row, or in a column of a Parquet file: a row template (pipeline/row_template.h).
struct RowColumn {
  std::string name;
  std::string field;  // "{argmax}", "{max:.4f}", "{column[id]} {row}"
};

struct Scoring {
  ScoringInput input = ScoringInput::image;
  ImageSpec image;
  std::vector<ModelInput> inputs;         // of a table at least one; of arrays {}: the file's one array
  std::optional<double> missing;          // what stands for an empty value of a table; nothing: its row is a failed item
  RowFormat format = RowFormat::text;
  Located<std::string> output{"{name} {argmax}", {}};  // of RowFormat::text; what fields there are: pipeline/row_template.h
  std::vector<RowColumn> columns;         // of the other formats; of npy there are none
  std::optional<Template> labels;         // a file with a name a line, the first that of value 0
  std::optional<int> batch_size;          // items a forward pass; the last one is padded to it. Nothing: batch_size_of
  Numerics numerics = Numerics::strict;
  std::string device = "cpu";
};

// Of `numerics: strict`, where none is given: 8 images or arrays, 1024 rows of a table. Of `fast`: what a short measurement of the
// model finds best, or nothing.
std::optional<int> batch_size_of(const Scoring& scoring);

}  // namespace mlpipe

// Damages small CSV, JSON lines and .npz files at random, and reads what is left as input for a model: nothing may crash, hang or take
// memory out of proportion, and the rows of CSV must be those that mini-batches are cut by. scripts/fuzz runs it with sanitizers.
//   fuzz_table SECONDS SEED [FOLDER]      FOLDER: .csv, .jsonl, .npy and .npz files to begin with
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <filesystem>

#include "base/csv_scan.h"
#include "fuzz/damage.h"
#include "scoring/array/array_file.h"
#include "scoring/table/table_rows.h"
#include "system/files.h"

using namespace mlpipe;

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* input_path = "fuzz_table.last";
constexpr double slowest_seconds = 5;        // of one file, of the processor's time
constexpr long most_memory = 1536 * 1024;    // KiB, sanitizers included

struct Kind {
  int table_format;  // -1: arrays
  std::vector<std::string> originals, words;
};

std::vector<Kind> kinds() {
  return {{mlpipe_delimited,
           {"a,b,c\n1,2.5,x\n-3e5,\"4\",\"y\"\"z\"\n", "a;b;c\r\n1;2;3\r\n\r\nNA;inf;t\r\n", "\xef\xbb\xbf" "a,b,c\n0.1,123456789012345678,\n", "a,b\n 1 ,true\n\"x\ny\",2\r3,4"},
           {"\"", "\"\"", ",", "\n", "\r\n", "\r", "1e400", "99999999999999999999", "nan", std::string("\0", 1), ";", "-", ".", " ", "\xff"}},
          {mlpipe_json_lines,
           {"{\"a\": 1, \"b\": 2.5, \"c\": \"x\"}\n{\"a\": null, \"b\": true, \"c\": {\"a\": [1]}}\n", "{\"b\":1e5,\"a\":-7}\n\n [1]\n", "{\"a\":\"\\ud83d\\ude00\",\"b\":\"1\"}"},
           {"{", "}", "[", "]", "\"a\":", ",", "\\u", "\n", "1e400", "[[[[[[[[[[[[[[[[", "\xff", "-", std::string("\0", 1)}},
          {-1, {}, {"\xff\xff\xff\xff", std::string("\0\0\0\0", 4), "PK\x03\x04", "PK\x01\x02", "PK\x05\x06", "\x93NUMPY", "(9999999999,)", "'<f8'", "'<i8'", "True", "\x7f"}}};
}

// A .npy file as numpy writes it, and archives of such files, one of them with sizes that do not fit into 32 bits.
std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
  return bytes;
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& data) {
  const std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\0", 8) + little(header.size(), 2) + header + data;
}

void add_originals(const char* folder, std::vector<Kind>& kinds) {
  kinds[2].originals.push_back(npy("<f4", "(2, 3)", std::string(24, '\x3f')));
  kinds[2].originals.push_back(npy("<i8", "(3,)", std::string(24, '\x01')));
  if (!folder) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto ending = entry.path().extension();
    auto bytes = read_file(entry.path());
    if (bytes) kinds[ending == ".csv" ? 0 : ending == ".jsonl" ? 1 : 2].originals.push_back(bytes.take());
  }
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Where rows begin and end, as the plan has it. False: such a file is refused before.
bool cut(const std::string& bytes, char delimiter, std::uint64_t& header, std::size_t& rows) {
  CsvScanner scanner(delimiter);
  std::size_t records = 0;
  const auto take = [&](std::uint64_t, std::uint64_t end) {
    if (records++ == 0) header = end;
  };
  scanner.feed(bytes, take);
  const bool whole = scanner.finish(take);
  rows = records > 0 ? records - 1 : 0;
  return whole && records > 0;
}

class Fuzzer {
 public:
  Fuzzer(const char* folder, unsigned seed) : damage_(seed), kinds_(kinds()) { add_originals(folder, kinds_); }

  // Whether anything could be read. Throws where it was wrong.
  bool try_one() {
    const Kind& kind = kinds_[damage_.below(kinds_.size())];
    const std::string bytes = damage_.next(kind.originals, kind.words);
    input_.keep(bytes);
    return kind.table_format < 0 ? read_arrays() : read_table(bytes, kind.table_format);
  }

 private:
  bool read_table(const std::string& bytes, int format) {
    const char* const delimiter = damage_.below(4) ? "," : ";";
    std::size_t planned = 0;
    std::uint64_t header = 0;
    const bool known = format == mlpipe_delimited && cut(bytes, *delimiter, header, planned) && damage_.below(4) > 0;
    mlpipe_range range{header, bytes.size()};
    if (!known && damage_.below(4) == 0) range = {damage_.below(bytes.size() + 9), damage_.below(1000)};
    const mlpipe_table_piece piece{input_path, format, delimiter, known || damage_.below(2) == 0, header, "", &range, 1, nullptr, 0};
    std::size_t rows = 0;
    const bool whole = read_rows(piece, rows);
    if (whole && known && rows != planned) throw std::runtime_error(fmt::format("{} rows were planned, and {} read", planned, rows));
    return whole && rows > 0;
  }

  bool read_rows(const mlpipe_table_piece& piece, std::size_t& count) {
    TableColumns columns{{{"", ValueType::float32, {"a", "b"}}, {"", ValueType::int64, {"a"}}}, std::nullopt, {"b"}};
    if (damage_.below(2) == 0) columns.missing = 0;
    if (!piece.has_header && piece.format == mlpipe_delimited) columns = {{{"", ValueType::float32, {"Column1"}}}, std::nullopt, {}};
    const std::size_t at_once = 1 + damage_.below(5);
    std::vector<float> floats(at_once * 2);
    std::vector<std::int64_t> integers(at_once);
    auto rows = open_table(&piece, 1, columns);
    if (!rows) return false;
    for (;;) {
      const auto read = columns.inputs.size() == 2 ? (*rows)->read(at_once, {floats.data(), integers.data()}) : (*rows)->read(at_once, {floats.data()});
      if (!read) return false;
      if (*read == 0) return true;
      count += *read;
    }
  }

  bool read_arrays() {
    std::vector<ModelInput> inputs;
    if (damage_.below(2) == 0) inputs.push_back({"x", damage_.below(2) ? ValueType::float32 : ValueType::int64, {"x"}});
    auto file = ArrayFile::open(input_path, inputs);
    if (!file || file->rows() == 0) return false;
    std::size_t values = 1;
    for (const auto side : file->row()[0].shape) values *= static_cast<std::size_t>(side);
    if (values > 1 << 20) return true;  // it would be the model's turn to refuse
    std::vector<std::int64_t> place(values);
    for (std::size_t row = 0; row < std::min<std::size_t>(file->rows(), 100); ++row)
      if (!file->read_row(row, {place.data()})) return false;
    return true;
  }

  fuzz::Damage damage_;
  std::vector<Kind> kinds_;
  fuzz::LastInput input_{input_path};
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return std::fprintf(stderr, "usage: fuzz_table SECONDS SEED [FOLDER]\n"), 2;
  Fuzzer fuzzer(count > 3 ? arguments[3] : nullptr, static_cast<unsigned>(std::stoul(arguments[2])));
  const auto end = Clock::now() + std::chrono::seconds(std::stol(arguments[1]));
  std::uint64_t tried = 0, readable = 0;
  double slowest = 0;
  for (auto before = processor_seconds(); Clock::now() < end; ++tried) {
    if (fuzzer.try_one()) ++readable;
    const auto after = processor_seconds();
    slowest = std::max(slowest, after - before);
    before = after;
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} damaged files, {} of them still readable, the slowest took {:.2f} s, at most {} MB\n", tried, readable, slowest, usage.ru_maxrss / 1024);
  return slowest > slowest_seconds || usage.ru_maxrss > most_memory;
}

#include "scoring/package/model_format.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "scoring/zip/zip_file.h"

namespace mlpipe {
namespace {

constexpr const char* how_to_script = "save TorchScript: torch.jit.save(torch.jit.script(model.eval()), 'model.pt'), or torch.jit.trace(...)";

constexpr const char* how_to_package =
    "make a package of it, where g++ is:\n"
    "  import torch\n"
    "  program = torch.export.load('model.pt2')\n"
    "  torch._inductor.aoti_compile_and_package(program, package_path='package.pt2', inductor_configs={'freezing': True})";

// Names start with the archive's own folder, which has any name.
bool has_folder(const ZipFile& zip, std::string_view folder) {
  return std::any_of(zip.entries().begin(), zip.entries().end(), [&](const ZipEntry& entry) { return entry.name.find(folder) != std::string::npos; });
}
bool has_file(const ZipFile& zip, std::string_view file) {
  return std::any_of(zip.entries().begin(), zip.entries().end(), [&](const ZipEntry& entry) { return entry.name.ends_with(file); });
}

ModelFormat format_of(const ZipFile& zip) {
  if (has_folder(zip, "/data/aotinductor/")) return ModelFormat::aoti_package;
  if (has_file(zip, "/models/model.json") || has_file(zip, "serialized_exported_program.json")) return ModelFormat::exported_program;
  if (has_folder(zip, "/code/")) return ModelFormat::torchscript;
  if (has_file(zip, "data.pkl")) return ModelFormat::pickled;
  return ModelFormat::other_zip;
}

Result<std::string> first_bytes(const Path& path) {
  MLPIPE_TRY(const Fd file, open_file(path, O_RDONLY));
  char bytes[64];
  const ssize_t got = ::read(file.get(), bytes, sizeof bytes);
  if (got < 0) return errno_error("read", path);
  return std::string(bytes, static_cast<std::size_t>(got));
}

ModelFormat format_of_plain(const Path& path, std::string_view start) {
  if (start.size() >= 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) return ModelFormat::legacy_pickle;
  if (start.size() > 9 && start[8] == '{' && start.substr(3, 5) == std::string_view("\0\0\0\0\0", 5)) return ModelFormat::safetensors;
  // A protobuf whose field 1, ir_version, is a small number.
  if (path.extension() == ".onnx" || (start.size() > 2 && start[0] == '\x08' && start[1] > 0 && start[1] < 32 && start[2] == '\x12')) {
    return ModelFormat::onnx;
  }
  return ModelFormat::unknown;
}

struct Explanation {
  const char* is;
  const char* remedy;
};

Explanation explain(ModelFormat format) {
  switch (format) {
    case ModelFormat::exported_program:
      return {"is a torch.export archive, which has no code that C++ can run", how_to_package};
    case ModelFormat::pickled: return {"holds a state dict or a pickled module (torch.save), which only its Python code can use", how_to_script};
    case ModelFormat::legacy_pickle: return {"is a pickle, which only Python can use", how_to_script};
    case ModelFormat::safetensors: return {"holds only weights (safetensors)", how_to_script};
    case ModelFormat::onnx: return {"is an ONNX model, which LibTorch cannot run", "save TorchScript from PyTorch, or score it with onnxruntime in an entry_script"};
    case ModelFormat::other_zip: return {"is a zip archive without a TorchScript model", how_to_script};
    default: return {"is no model that LibTorch can open (not a zip archive)", how_to_script};
  }
}

}  // namespace

Result<ModelFormat> model_format(const Path& path) {
  if (!path_exists(path)) return Error{ErrorKind::step_failed, fmt::format("the model {} does not exist", path.string()), ""};
  if (!is_file(path)) return Error{ErrorKind::step_failed, fmt::format("the model {} is not a file", path.string()), "name a TorchScript .pt file"};
  MLPIPE_TRY(const auto zip, ZipFile::open(path));
  if (zip) return format_of(*zip);
  MLPIPE_TRY(const std::string start, first_bytes(path));
  return format_of_plain(path, start);
}

Result<ModelFormat> runnable_format(const Path& path) {
  if (is_folder(path)) return ModelFormat::aoti_package;
  MLPIPE_TRY(const ModelFormat format, model_format(path));
  if (format == ModelFormat::torchscript || format == ModelFormat::aoti_package) return format;
  const Explanation explanation = explain(format);
  return Error{ErrorKind::step_failed, fmt::format("{} {}", path.string(), explanation.is), explanation.remedy};
}

}  // namespace mlpipe

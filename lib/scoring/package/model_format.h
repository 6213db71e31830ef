// Which of the things that people call "the model file" a file is, told before LibTorch opens it: its own messages for a
// wrong one are riddles.
#pragma once

#include <string_view>

#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

enum class ModelFormat {
  torchscript,      // torch.jit.save
  exported_program, // torch.export.save: graph and weights, no code
  aoti_package,     // torch._inductor.aoti_compile_and_package: machine code
  pickled,          // torch.save: a state dict or a pickled nn.Module
  legacy_pickle,    // the same before PyTorch 1.6, or any other pickle
  safetensors,
  onnx,
  other_zip,
  unknown,
};

Result<ModelFormat> model_format(const Path& path);

// TorchScript, or an AOTInductor package: a .pt2 file, or a folder that one was unpacked to. Of anything else an error that says what
// the file is instead, and how to make one that runs.
Result<ModelFormat> runnable_format(const Path& path);

}  // namespace mlpipe

#include "store/run_places.h"

#include <fmt/format.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cctype>

#include "base/text.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

// A file name that stands for any text, two texts never sharing one.
std::string file_name_of(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) || c == '-' || c == '_')) name += c;
    else name += fmt::format("%{:02x}", byte);
  }
  return name.size() <= 200 ? name : "%" + digest_of(text).hex();
}

}  // namespace

std::string run_lock_name(const std::string& id) { return "run " + id; }

std::string run_token(const Path& root, const std::string& id) {
  // The folder's identity, not its path: the same store may be reached by several.
  struct stat st {};
  (void)::stat(root.c_str(), &st);
  return fmt::format("{}-{:x}-{:x}", id, st.st_dev, st.st_ino);
}

Path active_marker(const Path& root, const std::string& id) { return root / "active" / id; }

Path last_step_path(const Path& root, const Path& spec, const std::string& step) {
  // Relative, so that a project that is moved together with its store keeps them.
  const std::string place = spec.lexically_relative(root.parent_path()).string();
  return root / "last" / digest_of(place.empty() ? spec.string() : place).hex().substr(0, 16) / file_name_of(step);
}

Status write_last_step(const Path& root, const Path& spec, const std::string& step, const LastStep& last) {
  const Path path = last_step_path(root, spec, step);
  const std::string line = fmt::format("{:<127}\n", fmt::format("{} {} {}", last.run_id, last.fingerprint.hex(), name_of(last.state)));
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) {
    MLPIPE_TRY_VOID(make_dirs(path.parent_path()));
    MLPIPE_TRY(fd, open_file(path, O_WRONLY | O_CREAT));
  }
  return write_all(fd.get(), line, path);
}

std::optional<LastStep> last_step(const Store& store, const Path& spec, const std::string& step) {
  const auto text = read_file(last_step_path(store.root(), spec, step));
  if (!text) return std::nullopt;
  const auto words = split(trim(*text), ' ');
  const auto fingerprint = words.size() == 3 ? Digest::parse(words[1]) : std::nullopt;
  if (!fingerprint) return std::nullopt;
  for (const StepState state : {StepState::ran, StepState::reused, StepState::used, StepState::failed, StepState::stopped})
    if (name_of(state) == words[2]) return LastStep{std::string(words[0]), *fingerprint, state};
  return std::nullopt;
}

}  // namespace mlpipe

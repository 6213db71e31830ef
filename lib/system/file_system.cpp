#include "system/file_system.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mlpipe {
namespace {

struct FileSystem {
  std::uint32_t magic;
  std::string_view name;
  bool trusted;
};

constexpr std::array known = {
    FileSystem{0xef53, "ext4", true},          FileSystem{0x58465342, "xfs", true},      FileSystem{0x9123683e, "btrfs", true},
    FileSystem{0x2fc12fc1, "zfs", true},       FileSystem{0xf2f52010, "f2fs", true},     FileSystem{0xca451a4e, "bcachefs", true},
    FileSystem{0x3153464a, "jfs", true},       FileSystem{0x3434, "nilfs", true},        FileSystem{0x01021994, "tmpfs", true},
    FileSystem{0x858458f6, "ramfs", true},     FileSystem{0x73717368, "squashfs", false}, FileSystem{0xe0f5e1e2, "erofs", false},
    FileSystem{0x9660, "iso9660", false},       FileSystem{0x794c7630, "overlayfs", true}, FileSystem{0x6969, "nfs", false},
    FileSystem{0xff534d42, "cifs", false},     FileSystem{0xfe534d42, "smb", false},     FileSystem{0x01021997, "9p", false},
    FileSystem{0x65735546, "fuse", false},
};

const FileSystem* find(const struct statfs& info) {
  const auto magic = static_cast<std::uint32_t>(info.f_type);
  const auto found = std::find_if(known.begin(), known.end(), [&](const FileSystem& each) { return each.magic == magic; });
  return found == known.end() ? nullptr : &*found;
}

}  // namespace

bool times_can_be_trusted(int fd) {
  struct statfs info;
  const FileSystem* const system = ::fstatfs(fd, &info) == 0 ? find(info) : nullptr;
  return system && system->trusted;
}

bool times_can_be_trusted(const Path& path) {
  const auto fd = open_file(path, O_RDONLY);
  return fd && times_can_be_trusted(fd->get());
}

std::string file_system_name(const Path& path) {
  struct statfs info;
  if (::statfs(path.c_str(), &info) != 0) return "";
  const FileSystem* const system = find(info);
  return system ? std::string(system->name) : fmt::format("{:#x}", static_cast<std::uint32_t>(info.f_type));
}

}  // namespace mlpipe

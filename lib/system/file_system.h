// What kind of file system something lies on.
#pragma once

#include <string>

#include "system/files.h"

namespace mlpipe {

// Its inodes and times can be trusted to tell a changed file: local ones (ext2-4, XFS, Btrfs, ZFS, F2FS, bcachefs, JFS, NILFS), those in
// memory (tmpfs, ramfs) and overlayfs, whose times are those of the layer that a write goes to. Not those whose times another machine or
// program decides: NFS, SMB, 9p, FUSE; squashfs, EROFS and ISO 9660, which whoever made the image wrote; and any that is not known here.
bool times_can_be_trusted(int fd);
bool times_can_be_trusted(const Path& path);

// For people: "ext4", "overlayfs", "nfs"; of an unknown one its number in hexadecimal.
std::string file_system_name(const Path& path);

}  // namespace mlpipe

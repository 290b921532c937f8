#include "collector/app/file_replace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace weir::app {
namespace {

constexpr mode_t kNewMode = 0644;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

/// A file beside another, gone again unless it was renamed.
class Beside {
 public:
  explicit Beside(std::string path) : path_(std::move(path)) {}
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;
  ~Beside() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  [[nodiscard]] bool rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return false;
    path_.clear();
    return true;
  }

 private:
  std::string path_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view text) {
  const auto cannot = [&path](std::string_view what) {
    const int reason = errno;
    return failure(
        reason == EACCES || reason == EPERM || reason == EROFS ? ErrorCode::Permission
                                                               : ErrorCode::Internal,
        fmt::format("{}: cannot {}: {}; the file is as it was", path, what, std::strerror(reason)));
  };
  std::error_code no_file;
  const auto real = std::filesystem::canonical(path, no_file);
  const std::string target = no_file ? path : real.string();
  const std::string folder = std::filesystem::path(target).parent_path().string();

  struct stat status {};
  const bool is_there = ::stat(target.c_str(), &status) == 0;
  if (!is_there && errno != ENOENT) return cannot("read its mode");
  if (is_there && !S_ISREG(status.st_mode)) {
    errno = EINVAL;
    return cannot("replace what is no regular file");
  }

  std::string fresh = target + ".XXXXXX";
  const Descriptor file(::mkostemp(fresh.data(), O_CLOEXEC));
  if (file.get() < 0) return cannot("write beside it");
  Beside beside(fresh);
  if (!write_all(file.get(), text)) return cannot("write beside it");
  // The owner first: a change of owner may take mode bits away.
  if (is_there && (status.st_uid != ::geteuid() || status.st_gid != ::getegid()) &&
      ::fchown(file.get(), status.st_uid, status.st_gid) != 0)
    return cannot("keep its owner");
  if (::fchmod(file.get(), is_there ? status.st_mode & 07777U : kNewMode) != 0)
    return cannot("keep its mode");
  if (::fsync(file.get()) != 0) return cannot("write beside it");

  const Descriptor directory(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return cannot("open its folder");
  if (is_there) {
    // A second name of the old file becomes the backup, so that there is no moment without it.
    const std::string second = fresh + ".previous";
    if (::link(target.c_str(), second.c_str()) != 0) return cannot("keep the old text");
    Beside backup(second);
    if (!backup.rename_to(target + ".previous")) return cannot("keep the old text");
    // rename() of two names of one file does nothing; the second name is then left over.
    ::unlink(second.c_str());
  }
  if (!beside.rename_to(target)) return cannot("replace it");
  ::fsync(directory.get());
  return {};
}

}  // namespace weir::app

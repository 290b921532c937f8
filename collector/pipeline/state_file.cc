#include "collector/pipeline/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "collector/ingest/unique_fd.h"

namespace weir::pipeline {
namespace {

using ingest::UniqueFd;

tl::unexpected<Error> failed(std::string_view verb, const std::string& path) {
  const int error = errno;
  ErrorCode code = ErrorCode::Internal;
  if (error == EACCES || error == EPERM || error == EROFS || error == ELOOP)
    code = ErrorCode::Permission;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::Unavailable;
  if (error == ENOENT || error == ENOTDIR) code = ErrorCode::NotFound;
  return failure(
      code, fmt::format("cannot {} {}: {}", verb, path, std::generic_category().message(error)));
}

/// A second name for the half-written file is never left behind.
class Unlinked {
 public:
  explicit Unlinked(std::string path) : path_(std::move(path)) {}
  ~Unlinked() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Unlinked(const Unlinked&) = delete;
  Unlinked& operator=(const Unlinked&) = delete;
  void keep() noexcept { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace

StateFile::StateFile(std::string directory, std::string_view name)
    : directory_(std::move(directory)), path_(fmt::format("{}/{}", directory_, name)) {}

Result<std::optional<std::string>> StateFile::read() const {
  // Not to wait for a pipe that somebody put there.
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return failed("read", path_);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failed("read", path_);
  if (!S_ISREG(status.st_mode)) return failure(ErrorCode::Malformed, path_ + " is no plain file");
  if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) > kMostBytes)
    return failure(ErrorCode::Malformed, fmt::format("{} has {} bytes, more than the {} that are "
                                                     "read",
                                                     path_, status.st_size, kMostBytes));
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::read(fd.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("read", path_);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  text.resize(done);
  return text;
}

Result<void> StateFile::write(std::string_view text) const {
  if (text.size() > kMostBytes)
    return failure(ErrorCode::Malformed,
                   fmt::format("{} is not written: {} bytes are more than the {} that are read",
                               path_, text.size(), kMostBytes));
  const std::string aside = path_ + ".new";
  // What a killed process left there is of no use; O_EXCL then makes sure that it is ours.
  ::unlink(aside.c_str());
  UniqueFd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                     S_IRUSR | S_IWUSR));
  if (fd.get() < 0) return failed("write", aside);
  Unlinked leftover(aside);
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write", aside);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd.get()) != 0) return failed("write", aside);
  if (::rename(aside.c_str(), path_.c_str()) != 0) return failed("replace", path_);
  leftover.keep();
  // The new name itself must reach the disk.
  const UniqueFd folder(::open(directory_.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return failed("sync", directory_);
  return {};
}

Result<std::string> StateFile::set_aside() const {
  std::string to = path_ + ".corrupt";
  if (::rename(path_.c_str(), to.c_str()) != 0) return failed("move", path_);
  return to;
}

}  // namespace weir::pipeline

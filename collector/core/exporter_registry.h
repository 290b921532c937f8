#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"

namespace weir::core {

/// Gives every exporter address its dense number, once.
///
/// Threads: any; a mutex guards all of it. Workers keep what they learnt, so they come here
/// once per exporter.
class ExporterRegistry {
 public:
  struct Entry {
    IpAddress address;
    std::string name;  ///< the router's name, else the address as text
  };

  /// The number of `address`, given now if it has none; nullopt beyond kMaxExporters.
  [[nodiscard]] std::optional<ExporterId> intern(const IpAddress& address);

  /// Names an exporter (configuration, at start and reload); numbers stay as they are.
  void name(ExporterId exporter, std::string name);

  /// All exporters so far, by number.
  [[nodiscard]] std::vector<Entry> entries() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<IpAddress, ExporterId> numbers_;
  std::vector<Entry> entries_;
};

}  // namespace weir::core

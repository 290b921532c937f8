#pragma once

#include <map>
#include <string>
#include <string_view>

#include "exporters/http/message.h"

namespace weir::http {

/// Which handler answers which method and path.
///
/// Threads: add() before the server starts; answer() from any thread afterwards.
class Routes {
 public:
  /// Exact paths only. A handler for Get answers Head too.
  void add(Method method, std::string path, Handler handler);

  /// Every path that begins with `prefix` and is none of the exact ones; of several prefixes the
  /// longest. `prefix` ends in a slash, and something follows it.
  void add_below(Method method, std::string prefix, Handler handler);

  /// The handler's answer; 404 where no route has the path, 405 with Allow where none has the
  /// method, 500 where the handler throws.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  using Methods = std::map<Method, Handler>;

  [[nodiscard]] const Methods* find(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> paths_;
  std::map<std::string, Methods, std::less<>> prefixes_;
};

}  // namespace weir::http

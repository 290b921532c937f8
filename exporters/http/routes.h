#pragma once

#include <map>
#include <string>

#include "exporters/http/message.h"

namespace weir::http {

/// Which handler answers which method and path.
///
/// Threads: add() before the server starts; answer() from any thread afterwards.
class Routes {
 public:
  /// Exact paths only. A handler for Get answers Head too.
  void add(Method method, std::string path, Handler handler);

  /// The handler's answer; 404 where no route has the path, 405 with Allow where none has the
  /// method, 500 where the handler throws.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  std::map<std::string, std::map<Method, Handler>, std::less<>> paths_;
};

}  // namespace weir::http

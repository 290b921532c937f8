#include "exporters/http/routes.h"

#include <exception>
#include <utility>

namespace weir::http {
namespace {

[[nodiscard]] Response plain(unsigned status, std::string text) {
  Response response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

/// The Allow field of a 405 (RFC 9110, 15.5.6).
[[nodiscard]] std::string allowed(const std::map<Method, Handler>& methods) {
  std::string list;
  const auto add = [&list](Method method) {
    if (!list.empty()) list += ", ";
    list += method_name(method);
  };
  for (const auto& [method, handler] : methods) {
    add(method);
    if (method == Method::Get && !methods.contains(Method::Head)) add(Method::Head);
  }
  return list;
}

}  // namespace

void Routes::add(Method method, std::string path, Handler handler) {
  paths_[std::move(path)][method] = std::move(handler);
}

Response Routes::answer(const Request& request) const {
  const auto path = paths_.find(request.path);
  if (path == paths_.end()) return plain(404, "Nothing is served at this path.\n");
  const auto& methods = path->second;
  auto entry = methods.find(request.method);
  if (entry == methods.end() && request.method == Method::Head) entry = methods.find(Method::Get);
  if (entry == methods.end()) {
    Response response = plain(405, "This path does not answer this method.\n");
    response.headers.push_back({.name = "Allow", .value = allowed(methods)});
    return response;
  }
  // The thread serves other clients too: a handler's exception ends its answer, not the thread.
  try {
    return entry->second(request);
  } catch (const std::exception& problem) {
    return plain(500, std::string("The answer could not be made: ") + problem.what() + "\n");
  }
}

}  // namespace weir::http

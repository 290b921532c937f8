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

void Routes::add_below(Method method, std::string prefix, Handler handler) {
  prefixes_[std::move(prefix)][method] = std::move(handler);
}

const Routes::Methods* Routes::find(std::string_view path) const {
  if (const auto exact = paths_.find(path); exact != paths_.end()) return &exact->second;
  // From slash to slash, the longest first.
  for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    if (slash + 1 == path.size()) continue;
    if (const auto below = prefixes_.find(path.substr(0, slash + 1)); below != prefixes_.end())
      return &below->second;
  }
  return nullptr;
}

Response Routes::answer(const Request& request) const {
  const Methods* const found = find(request.path);
  if (found == nullptr) return plain(404, "Nothing is served at this path.\n");
  const Methods& methods = *found;
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

#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace weir::test {

/// A certificate authority made for one test. Signs certificates for a day around now; keys are
/// P-256. Aborts if OpenSSL fails, since then no test can go on.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  struct Signed {
    std::string certificate;  ///< PEM
    std::string key;          ///< PEM
  };
  [[nodiscard]] Signed sign(const std::string& name) const;
  /// The authority's own, PEM.
  [[nodiscard]] std::string certificate() const;

 private:
  evp_pkey_st* key_;
  x509_st* certificate_;
};

}  // namespace weir::test

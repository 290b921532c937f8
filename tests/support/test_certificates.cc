#include "tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>

namespace weir::test {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

EVP_PKEY* make_key() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  require(key != nullptr);
  return key;
}

void set_name(X509_NAME* to, const std::string& name) {
  require(X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                     0) == 1);
}

void add_extension(X509* to, int id, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
  require(extension != nullptr && X509_add_ext(to, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

/// Unsigned and without issuer.
X509* make_certificate(const std::string& name, EVP_PKEY* key) {
  static std::atomic<long> serial{1};
  X509* const certificate = X509_new();
  require(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++) == 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -43'200);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 43'200);
  set_name(X509_get_subject_name(certificate), name);
  require(X509_set_pubkey(certificate, key) == 1);
  return certificate;
}

template <class Write>
std::string pem_of(Write write) {
  BIO* const memory = BIO_new(BIO_s_mem());
  require(memory != nullptr && write(memory) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory, &text);
  std::string pem(text, static_cast<std::size_t>(length));
  BIO_free(memory);
  return pem;
}

std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name)
    : key_(make_key()), certificate_(make_certificate(name, key_)) {
  require(X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_)) == 1);
  add_extension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  require(X509_sign(certificate_, key_, EVP_sha256()) != 0);
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestAuthority::Signed TestAuthority::sign(const std::string& name) const {
  EVP_PKEY* const key = make_key();
  X509* const certificate = make_certificate(name, key);
  require(X509_set_issuer_name(certificate, X509_get_subject_name(certificate_)) == 1);
  require(X509_sign(certificate, key_, EVP_sha256()) != 0);
  Signed made{.certificate = pem_of(certificate),
              .key = pem_of([&](BIO* to) {
                return PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
              })};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

std::string TestAuthority::certificate() const { return pem_of(certificate_); }

}  // namespace weir::test

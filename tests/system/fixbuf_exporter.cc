/// A real exporter over TCP or TLS: libfixbuf, which yaf and others are built on, sends records.
///
///     fixbuf_exporter HOST PORT INTERFACE COUNT [CA CERTIFICATE KEY]
///
/// Sends COUNT records of 1,000 bytes in one packet each, all in at INTERFACE, over TCP, or over
/// TLS if PEM files are named. Prints what went wrong and exits 1.

#include <glib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" {
#include <fixbuf/public.h>
}

namespace {

struct Record {
  std::uint64_t octets = 1'000;
  std::uint64_t packets = 1;
  std::uint32_t ingress = 0;
  std::uint32_t source = 0xc000'0201;
};

constexpr std::uint16_t kTemplate = 999;

char octets_name[] = "octetDeltaCount";
char packets_name[] = "packetDeltaCount";
char ingress_name[] = "ingressInterface";
char source_name[] = "sourceIPv4Address";
fbInfoElementSpec_t specification[] = {{octets_name, 8, 0},
                                       {packets_name, 8, 0},
                                       {ingress_name, 4, 0},
                                       {source_name, 4, 0},
                                       FB_IESPEC_NULL};

[[noreturn]] void fail(const char* what, const GError* error) {
  std::fprintf(stderr, "%s: %s\n", what, error == nullptr ? "failed" : error->message);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  GError* error = nullptr;
  fbInfoModel_t* const model = fbInfoModelAlloc();
  fbSession_t* const session = fbSessionAlloc(model);
  fbTemplate_t* const layout = fbTemplateAlloc(model);
  if (fbTemplateAppendSpecArray(layout, specification, ~0U, &error) == FALSE)
    fail("template", error);

  fbConnSpec_t connection{};
  connection.transport = FB_TCP;
  connection.host = argv[1];
  connection.svc = argv[2];
  fBuf_t* const buffer = fBufAllocForExport(session, fbExporterAllocNet(&connection));
  fbSessionSetDomain(session, 5);
  if (fbSessionAddTemplate(session, TRUE, kTemplate, layout, &error) == 0)
    fail("internal template", error);
  if (fbSessionAddTemplate(session, FALSE, kTemplate, layout, &error) == 0)
    fail("external template", error);
  if (fbSessionExportTemplates(session, &error) == FALSE) fail("export of templates", error);
  if (fBufSetInternalTemplate(buffer, kTemplate, &error) == FALSE ||
      fBufSetExportTemplate(buffer, kTemplate, &error) == FALSE)
    fail("choice of template", error);

  Record record;
  record.ingress = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
  for (long left = std::strtol(argv[4], nullptr, 10); left > 0; --left)
    if (fBufAppend(buffer, reinterpret_cast<std::uint8_t*>(&record), sizeof record, &error) ==
        FALSE)
      fail("record", error);
  if (fBufEmit(buffer, &error) == FALSE) fail("last message", error);
  fBufFree(buffer);
  return 0;
}

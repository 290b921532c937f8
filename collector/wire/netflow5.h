#pragma once

#include "collector/model/datagram.h"
#include "collector/model/record_sink.h"
#include "collector/wire/compiled_template.h"
#include "collector/wire/data_set.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/session_table.h"

namespace weir::wire {

/// NetFlow v1, v5 and v7: one header, then up to 30 records of a fixed layout, which is
/// compiled like a template that never changes.
///
/// Threads: one. Borrows sessions and the reader from the Decoder that owns it.
class Netflow5Decoder {
 public:
  Netflow5Decoder(SessionTable& sessions, DataSetReader& reader);

  void decode(const Datagram& datagram, RecordSink& sink, DecodeOutcome& outcome);

 private:
  SessionTable& sessions_;
  DataSetReader& reader_;
  TemplatePtr layout1_;
  TemplatePtr layout5_;
  TemplatePtr layout7_;
};

}  // namespace weir::wire

#include "kube/body.h"

#include "k8scale/base/text.h"
#include "kube/json_body.h"
#include "kube/protobuf_body.h"

namespace k8scale::kube {
namespace {

Encoding encoding_of(std::string_view content_type) {
  const std::string_view type = base::trim(content_type.substr(0, content_type.find(';')));
  return base::equals_ignoring_case(type, "application/vnd.kubernetes.protobuf") ? Encoding::protobuf
                                                                                 : Encoding::json;
}

std::unique_ptr<BodyReader> make_reader(Body::Kind kind, Encoding encoding, SharedByReflectors& shared,
                                        std::span<const std::string> annotations) {
  if (encoding == Encoding::protobuf) {
    if (kind == Body::Kind::list) return std::make_unique<ProtobufListReader>(shared.protobuf, annotations);
    return std::make_unique<ProtobufWatchReader>(shared.protobuf, annotations);
  }
  if (kind == Body::Kind::list) return std::make_unique<JsonListReader>(shared.json, annotations);
  return std::make_unique<JsonWatchReader>(shared.json, annotations);
}

}  // namespace

Body::Body(const net::ResponseStream& stream, Kind kind, SharedByReflectors& shared,
           std::span<const std::string> annotations)
    : encoding_(encoding_of(stream.head().headers.find("Content-Type").value_or(""))),
      reader_(make_reader(kind, encoding_, shared, annotations)) {
  const std::string_view packing = stream.head().headers.find("Content-Encoding").value_or("identity");
  if (packing == "gzip") gunzip_ = std::make_unique<Gunzip>();
  unknown_packing_ = !gunzip_ && packing != "identity";
}

void Body::put(std::string_view bytes) {
  if (gunzip_) {
    gunzip_->put(bytes);
  } else {
    reader_->put(bytes);
  }
}

Finding Body::next() {
  if (unknown_packing_) return garbage("an unknown Content-Encoding");
  Finding finding = reader_->next();
  while (gunzip_ && finding.kind == Finding::Kind::nothing) {
    const auto unpacked = gunzip_->next();
    if (gunzip_->broken()) return garbage("broken gzip");
    if (!unpacked) break;
    reader_->put(*unpacked);
    finding = reader_->next();
  }
  return finding;
}

Finding Body::finish() {
  if (gunzip_ && !gunzip_->whole()) return garbage("half a gzip member");
  return reader_->finish();
}

}  // namespace k8scale::kube

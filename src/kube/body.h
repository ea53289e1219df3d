#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "k8scale/net/pool.h"
#include "kube/body_reader.h"
#include "kube/gunzip.h"
#include "kube/shared_by_reflectors.h"

namespace k8scale::kube {

/// The body of a list's or a watch's answer, in the encoding that its head states.
class Body {
 public:
  enum class Kind { list, watch };
  /// Finds the values of `annotations`. What is passed by reference must outlive it.
  Body(const net::ResponseStream& stream, Kind kind, SharedByReflectors& shared,
       std::span<const std::string> annotations);

  [[nodiscard]] Encoding encoding() const { return encoding_; }
  /// As BodyReader's, of bytes that may be packed.
  void put(std::string_view bytes);
  [[nodiscard]] Finding next();
  [[nodiscard]] Finding finish();
  [[nodiscard]] const Status& refusal() const { return reader_->refusal; }

 private:
  Encoding encoding_;
  std::unique_ptr<Gunzip> gunzip_;  ///< null when nothing is packed
  bool unknown_packing_ = false;
  std::unique_ptr<BodyReader> reader_;
};

}  // namespace k8scale::kube

#pragma once
#include <span>
#include <string>

#include "kube/body_reader.h"
#include "kube/protobuf_frames.h"
#include "kube/protobuf_object.h"

namespace k8scale::kube {

class ProtobufListReader final : public BodyReader {
 public:
  ProtobufListReader(ProtobufParser& parser, std::span<const std::string> annotations)
      : parser_(parser), annotations_(annotations) {}
  void put(std::string_view bytes) override { frames_.put(bytes); }
  [[nodiscard]] Finding next() override;
  [[nodiscard]] Finding finish() override;

 private:
  ProtobufParser& parser_;
  std::span<const std::string> annotations_;
  ProtobufListFrames frames_;
  std::string resource_version_;
  std::string continue_token_;
};

class ProtobufWatchReader final : public BodyReader {
 public:
  ProtobufWatchReader(ProtobufParser& parser, std::span<const std::string> annotations)
      : parser_(parser), annotations_(annotations) {}
  void put(std::string_view bytes) override { frames_.put(bytes); }
  [[nodiscard]] Finding next() override;
  [[nodiscard]] Finding finish() override;

 private:
  ProtobufParser& parser_;
  std::span<const std::string> annotations_;
  LengthFrames frames_;
};

}  // namespace k8scale::kube

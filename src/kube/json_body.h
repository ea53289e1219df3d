#pragma once
#include <span>
#include <string>

#include "kube/body_reader.h"
#include "kube/json_frames.h"
#include "kube/json_object.h"

namespace k8scale::kube {

class JsonListReader final : public BodyReader {
 public:
  JsonListReader(JsonParser& parser, std::span<const std::string> annotations)
      : parser_(parser), annotations_(annotations) {}
  void put(std::string_view bytes) override { frames_.put(bytes); }
  [[nodiscard]] Finding next() override;
  [[nodiscard]] Finding finish() override;

 private:
  JsonParser& parser_;
  std::span<const std::string> annotations_;
  JsonListFrames frames_;
  std::string resource_version_;
  std::string continue_token_;
};

class JsonWatchReader final : public BodyReader {
 public:
  JsonWatchReader(JsonParser& parser, std::span<const std::string> annotations)
      : parser_(parser), annotations_(annotations) {}
  void put(std::string_view bytes) override { frames_.put(bytes); }
  [[nodiscard]] Finding next() override;
  [[nodiscard]] Finding finish() override;

 private:
  JsonParser& parser_;
  std::span<const std::string> annotations_;
  LineFrames frames_;
};

}  // namespace k8scale::kube

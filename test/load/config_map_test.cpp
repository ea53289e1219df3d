#include "k8scale/load/config_map.h"

#include <nlohmann/json.hpp>

#include "catch.h"

namespace k8scale::load {

TEST_CASE("a ConfigMap is JSON with the name, the time and as many zeros as asked for") {
  const std::size_t length = GENERATE(0U, 1U, 2000U, 1U << 20U);
  const base::WallTime now = base::parse_rfc3339("2026-11-24T15:04:05.678Z").value();
  const auto object = nlohmann::json::parse(ConfigMapText("space", length).create("r-0001", now));
  CHECK(object["kind"] == "ConfigMap");
  CHECK(object["apiVersion"] == "v1");
  const auto& metadata = object["metadata"];
  CHECK(metadata["name"] == "r-0001");
  CHECK(metadata["namespace"] == "space");
  CHECK(metadata["labels"] == nlohmann::json{{"purpose", "scaletest"}});
  CHECK(metadata["annotations"] ==
        nlohmann::json{{"scaletest/createTimestamp", base::format_local_millis(now)}});
  CHECK(object["data"] == nlohmann::json{{"key1", std::string(length, '0')}});
  CHECK(object.size() == 4);
}

TEST_CASE("one text makes many objects") {
  const ConfigMapText text("space", 3);
  const base::WallTime now;
  const std::string first = text.create("r-1", now);
  CHECK(text.create("r-2", now) != first);
  CHECK(text.create("r-1", now) == first);
}

}  // namespace k8scale::load

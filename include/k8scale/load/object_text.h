#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/encoding.h"
#include "k8scale/load/distribution.h"

namespace k8scale::kube {
struct ObjectFields;
}

namespace k8scale::load {

/// One object of a run.
struct ObjectKey {
  std::uint64_t number = 0;  ///< from 1
  std::string_view name;
  std::string_view namespace_name;
};

/// Where an object's data is.
enum class DataPlace { data, annotation, nowhere };
/// Whether creating writes the annotation scaletest/createTimestamp.
enum class CreateTimestamp { yes, no };

/// What the objects of a run look like.
struct ObjectShape {
  kube::Resource resource;
  DataPlace place = DataPlace::data;
  std::string data_key = "key1";
  char filler = '0';  ///< of the data
  bool has_spec = false;
  CreateTimestamp create_timestamp = CreateTimestamp::yes;
  std::size_t update_length = 100;                 ///< of the value that each update sets
  kube::Encoding encoding = kube::Encoding::json;  ///< protobuf only for a resource that has it
};

/// The bodies of a run's requests. Immutable, so that shards share it.
///
/// All objects have the label purpose=scaletest. Update p sets data `baz` to p, padded with zeros to
/// update_length (where there is no data: annotation scaletest/update), and the annotation
/// scaletest/updateTimestamp.
class ObjectText {
 public:
  ObjectText(ObjectShape shape, ObjectSizes sizes);

  [[nodiscard]] const ObjectShape& shape() const { return shape_; }
  [[nodiscard]] kube::PatchType patch_type() const;

  [[nodiscard]] std::string create(const ObjectKey& object, base::WallTime now) const;
  /// The body of a PATCH.
  [[nodiscard]] std::string patch(std::uint64_t phase, base::WallTime now) const;
  /// The body of a PUT of the object that has `resource_version`; empty: whatever version it has.
  [[nodiscard]] std::string replace(const ObjectKey& object, std::uint64_t phase,
                                    std::string_view resource_version, base::WallTime now) const;

 private:
  struct Update {
    std::string value;
    std::string_view resource_version;  // empty: any
  };
  [[nodiscard]] Update update_of(std::uint64_t phase) const;
  [[nodiscard]] std::string whole(const ObjectKey& object, const Update* update, base::WallTime now) const;
  [[nodiscard]] std::string json(const kube::ObjectFields& fields) const;

  ObjectShape shape_;
  ObjectSizes sizes_;
  std::string start_;                // up to the name
  std::optional<std::string> data_;  // when all have the same
};

}  // namespace k8scale::load
